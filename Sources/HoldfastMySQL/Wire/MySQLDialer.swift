#if MySQL
import Holdfast
import HoldfastSQL

/// Opens sessions with the first server that takes writes.
struct MySQLDialer: Sendable {
    let configuration: MySQLConfiguration

    struct Opened: Sendable {
        let session: MySQLSession
        let facts: ServerFacts
    }

    /// - Parameter settings: further statements that each session begins with.
    func open(_ settings: [String] = []) async throws(LockError) -> Opened {
        var failure: LockError?
        for endpoint in configuration.endpoints {
            do throws(LockError) {
                let connection = try await MySQLDial.connect(configuration, to: endpoint)
                return try await prepare(MySQLSession(connection, target: configuration.description), settings)
            } catch {
                // What is denied by one says more than what is unreachable at another.
                if failure == nil || failure?.code == .unavailable { failure = error }
            }
        }
        throw failure ?? LockError(.unavailable, "\(configuration): no server")
    }

    private func prepare(_ session: MySQLSession, _ settings: [String]) async throws(LockError) -> Opened {
        do throws(LockError) {
            await session.begin()
            let answer = try await session.run(ServerFacts.queries, within: configuration.connectTimeout)
            guard let facts = ServerFacts(answer, number: session.number, version: session.version) else {
                throw answer.fault?.lockError(configuration.description)
                    ?? LockError(.storeUnusable, "\(configuration): the server does not say what it is")
            }
            guard !facts.isReadOnly else {
                throw LockError(
                    .unavailable,
                    "\(configuration): the server is read-only; name the primary, or all servers with commas")
            }
            if let reason = facts.multiplePrimaries, !configuration.allowsMultiplePrimaries {
                throw LockError(
                    .unsupported,
                    "\(configuration): \(reason), where claims on one node exclude nobody on another; use one primary, "
                        + "or cluster=any where all clients use one node")
            }
            let all = standard(facts) + settings
            let set = try await session.run(all.joined(separator: ";"), within: configuration.connectTimeout)
            if let fault = set.fault { throw fault.lockError(configuration.description) }
            return Opened(session: session, facts: facts)
        } catch {
            await session.close(error)
            throw error
        }
    }

    /// What holds for this session whatever the server's or the user's settings are.
    private func standard(_ facts: ServerFacts) -> [String] {
        let seconds = max(1, configuration.requestTimeout.nanoseconds / 1_000_000_000)
        var statements = [
            "SET SESSION autocommit=1, sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone='+00:00'",
            "SET SESSION innodb_lock_wait_timeout=\(seconds)",
        ]
        // A limit of all statements would end waits.
        statements.append("SET SESSION \(facts.isMariaDB ? "max_statement_time" : "max_execution_time")=0")
        return statements
    }
}
#endif
