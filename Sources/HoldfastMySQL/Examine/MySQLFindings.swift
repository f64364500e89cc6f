#if MySQL
import Holdfast

/// What of a server's settings matters to locks.
enum MySQLFindings {
    static func findings(_ facts: ServerFacts, _ configuration: MySQLConfiguration) -> [Finding] {
        [
            Finding(.fine, "version", facts.version), durability(facts, configuration.locks), packets(facts),
            cluster(facts), encryption(configuration),
        ]
    }

    /// Tokens are above the clock after a restart; rows of the tables are what a lost commit loses.
    static func durability(_ facts: ServerFacts, _ locks: MySQLConfiguration.Locks) -> Finding {
        let setting = facts.settings["innodb_flush_log_at_trx_commit"] ?? ""
        let (text, remedy): (String, String)
        if setting != "1", setting != "3" {
            text = "innodb_flush_log_at_trx_commit is \(setting): a crash may lose the last commits"
            remedy = "Set it to 1."
        } else if facts.isOn("log_bin"), let sync = facts.settings["sync_binlog"], sync != "1" {
            // After a crash, what is not in the binary log is undone.
            text = "sync_binlog is \(sync): a crash of the machine may undo the last commits"
            remedy = "Set it to 1, or do without the binary log."
        } else {
            return Finding(.fine, "durability", "what is committed is on disk")
        }
        return Finding(
            locks == .table ? .danger : .notice, "durability",
            text
                + (locks == .table
                    ? ", and grants and records with them" : ", and records with them; tokens go on above the clock"),
            remedy: remedy)
    }

    /// A record is sent as text, two digits a byte.
    static func packets(_ facts: ServerFacts) -> Finding {
        let bytes = facts.settings["max_allowed_packet"].flatMap { Int($0) } ?? Int.max
        guard bytes >= packetBytesLeast else {
            return Finding(
                .danger, "packets",
                "max_allowed_packet is \(bytes): the greatest records are refused, or cannot be read",
                remedy: "Set it to \(packetBytesLeast) or more.")
        }
        return Finding(.fine, "packets", "the greatest records have room")
    }

    private static let packetBytesLeast = 4 * Record.valueBytesLimit

    static func cluster(_ facts: ServerFacts) -> Finding {
        guard let reason = facts.multiplePrimaries else { return Finding(.fine, "cluster", "one primary") }
        return Finding(
            .danger, "cluster", "\(reason): claims on one node exclude nobody on another",
            remedy: "Have all clients use one node, or another store.")
    }

    static func encryption(_ configuration: MySQLConfiguration) -> Finding {
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

    /// Asks a server, on a session of its own.
    static func examine(_ configuration: MySQLConfiguration) async throws(LockError) -> [Finding] {
        let opened = try await MySQLDialer(configuration: configuration).open()
        await opened.session.close()
        return findings(opened.facts, configuration)
    }
}

extension TableBackend {
    func examine() async throws(LockError) -> [Finding] { try await MySQLFindings.examine(configuration) }
}

extension NamedBackend {
    func examine() async throws(LockError) -> [Finding] { try await MySQLFindings.examine(configuration) }
}
#endif
