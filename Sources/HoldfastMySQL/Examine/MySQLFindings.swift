#if MySQL
import Holdfast

/// What of a server's settings matters to locks.
enum MySQLFindings {
    static func findings(_ facts: ServerFacts, _ configuration: MySQLConfiguration) -> [Finding] {
        [
            Finding(.fine, "version", facts.version), durability(facts, configuration.locks), cluster(facts),
            encryption(configuration),
        ]
    }

    /// Tokens are above the clock after a restart; rows of the table are what a lost commit loses.
    static func durability(_ facts: ServerFacts, _ locks: MySQLConfiguration.Locks) -> Finding {
        let setting = facts.settings["innodb_flush_log_at_trx_commit"] ?? ""
        guard setting == "1" || setting == "3" else {
            let text = "innodb_flush_log_at_trx_commit is \(setting): a crash may lose the last commits"
            return Finding(
                locks == .table ? .danger : .notice, "durability",
                text + (locks == .table ? ", and grants with them" : "; tokens go on above the clock"),
                remedy: "Set it to 1.")
        }
        return Finding(.fine, "durability", "what is committed is on disk")
    }

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
