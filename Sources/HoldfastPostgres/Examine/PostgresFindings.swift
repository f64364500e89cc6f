#if Postgres
import Holdfast

/// What of a server's settings matters to locks.
struct PostgresFindings: Sendable {
    /// One row, as ``findings(_:_:)`` reads it.
    static let query = PostgresStatement(
        """
        SELECT current_setting('server_version_num'), current_setting('server_version'), current_setting('fsync'),
            current_setting('full_page_writes'), (SELECT count(*) FROM pg_stat_replication),
            (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')),
            current_setting('max_connections'), current_setting('ssl')
        """)

    static func findings(
        _ row: [String?], _ configuration: PostgresConfiguration
    ) -> [Finding] {
        guard row.count == 8 else { return [] }
        let text = row.map { $0 ?? "" }
        return [
            version(Int(text[0]) ?? 0, text[1], configuration.locks), durability(text[2] == "on", text[3] == "on"),
            standbys(Int(text[4]) ?? 0, synchronous: Int(text[5]) ?? 0), encryption(configuration),
        ]
    }

    static func version(_ number: Int, _ text: String, _ locks: PostgresConfiguration.Locks) -> Finding {
        guard locks == .named, number < firstWithIdleTimeout else { return Finding(.fine, "version", text) }
        return Finding(
            .notice, "version",
            "\(text) does not end silent sessions: a named lock of a holder that stands still stays",
            remedy: "Use PostgreSQL 14 or later, or locks=table.")
    }

    static func durability(_ flushes: Bool, _ writesPages: Bool) -> Finding {
        guard flushes, writesPages else {
            return Finding(
                .danger, "durability",
                "\(flushes ? "full_page_writes" : "fsync") is off: a crash of the machine may lose grants and tokens",
                remedy: "Turn it on, and restart the server.")
        }
        return Finding(.fine, "durability", "what is committed is on disk")
    }

    static func standbys(_ count: Int, synchronous: Int) -> Finding {
        guard count > 0 else { return Finding(.fine, "standbys", "none") }
        guard synchronous > 0 else {
            return Finding(
                .notice, "standbys", "\(count), none of them synchronous: one that takes over may not know a lock",
                remedy: "Set synchronous_standby_names, or have what locks protect refuse a smaller fencing token.")
        }
        return Finding(.fine, "standbys", "\(synchronous) of \(count) synchronous")
    }

    static func encryption(_ configuration: PostgresConfiguration) -> Finding {
        if let tls = configuration.tls {
            return tls.verifies
                ? Finding(.fine, "encryption", "TLS, verified")
                : Finding(
                    .notice, "encryption", "TLS, but anybody is trusted", remedy: "Name the authority by tls-ca=.")
        }
        let isLocal = configuration.endpoints.allSatisfy {
            $0.isUnix || ["localhost", "127.0.0.1", "::1"].contains($0.host)
        }
        guard !isLocal else { return Finding(.fine, "encryption", "none, on this machine alone") }
        return Finding(.notice, "encryption", "none", remedy: "Say tls=on where others can reach the network.")
    }

    private static let firstWithIdleTimeout = 140_000
}

extension PostgresPool {
    /// Asks the server for its settings.
    func examine(_ configuration: PostgresConfiguration) async throws(LockError) -> [Finding] {
        let answer = try await run([PostgresFindings.query])
        if case .failed(let fault)? = answer.first { throw fault.lockError(configuration.description) }
        return PostgresFindings.findings(answer.first?.rows?.first ?? [], configuration)
    }
}

extension TableBackend {
    func examine() async throws(LockError) -> [Finding] {
        var findings = try await pool.examine(configuration)
        let isDeaf = await pool.isPooled && configuration.listening == .same
        if isDeaf {
            findings.append(
                Finding(
                    .notice, "pooler", "one is in the way: grants by other processes are found by looking",
                    remedy: "Name the server itself by listen=host:port."))
        }
        return findings
    }
}

extension NamedBackend {
    func examine() async throws(LockError) -> [Finding] { try await bare[0].examine(configuration) }
}
#endif
