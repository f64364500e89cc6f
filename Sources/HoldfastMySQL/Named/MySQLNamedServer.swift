#if MySQL
import Holdfast
import HoldfastSQL
import Synchronization

/// `GET_LOCK` and what belongs to it, for the engine of named locks.
struct MySQLNamedServer: NamedServer {
    let configuration: MySQLConfiguration
    let bounds: NamedBounds

    init(_ configuration: MySQLConfiguration, _ limits: MySQLBounds) {
        self.configuration = configuration
        var bounds = NamedBounds(
            connections: configuration.connections, requestTimeout: configuration.requestTimeout)
        bounds.waitersLimit = limits.waitersLimit
        bounds.namesPerRequest = limits.namesPerRequest
        bounds.pollInterval = limits.pollInterval
        bounds.attemptsLimit = limits.attemptsLimit
        bounds.firstBackoff = limits.firstBackoff
        bounds.lastBackoff = limits.lastBackoff
        self.bounds = bounds
    }

    var description: String { configuration.description }

    func open(keptFor seconds: Int, _ role: NamedRole) async throws(LockError) -> any NamedWire {
        let opened = try await MySQLDialer(configuration: configuration).open()
        do throws(LockError) {
            guard !opened.facts.isPooled else {
                throw LockError(
                    .unsupported,
                    "\(configuration): a proxy answers for the server, and named locks need sessions of their own; "
                        + "name the server itself, or use locks=table")
            }
            var tokens = TokenTable(opened.facts)
            if role == .control { tokens = try await tokens.made(by: opened.session, configuration.requestTimeout) }
            let text = "SET SESSION wait_timeout=\(seconds)"
            let answer = try await opened.session.run(text, within: configuration.requestTimeout)
            if let fault = answer.fault { throw fault.lockError(description) }
            return MySQLNamedWire(opened.session, opened.facts, configuration, tokens)
        } catch {
            await opened.session.close(error)
            throw error
        }
    }
}

/// A session that asks for named locks in the server's words.
final class MySQLNamedWire: NamedWire {
    private let session: MySQLSession
    private let facts: ServerFacts
    private let configuration: MySQLConfiguration
    private let tokens: TokenTable

    init(
        _ session: MySQLSession, _ facts: ServerFacts, _ configuration: MySQLConfiguration, _ tokens: TokenTable
    ) {
        self.session = session
        self.facts = facts
        self.configuration = configuration
        self.tokens = tokens
    }

    /// MySQL folds the case of names, MariaDB does not.
    func name(of key: LockKey) throws(LockError) -> String {
        let name = try configuration.names.name(of: configuration.prefix + key.text)
        return facts.isMariaDB ? name : name.lowercased()
    }

    func send(
        _ batch: NamedBatch, within limit: Duration?,
        _ done: @escaping @Sendable (Result<NamedBatch.Outcome, LockError>) -> Void
    ) {
        let tokens = tokens
        session.send(batch.text(tokens), within: limit) { [session] answer in
            guard case .success(let answer) = answer else { return done(answer.map { _ in .init() }) }
            let outcome = batch.outcome(answer, session.target)
            guard outcome.tries.contains(.tokenless), tokens.isQuick else { return done(.success(outcome)) }
            // Its locks are held; only a number is missing.
            session.send(tokens.refill, within: limit) { answer in
                done(
                    answer.map { answer in
                        var outcome = outcome
                        outcome.fill(tokens.refilled(answer), answer.fault?.named(session.target))
                        return outcome
                    })
            }
        }
    }

    var interruption: String { "KILL QUERY \(session.number)" }
    var termination: String { "KILL \(session.number)" }

    func order(_ orders: [String], within limit: Duration, _ done: @escaping @Sendable () -> Void) {
        session.send(orders.joined(separator: ";"), within: limit) { _ in done() }
    }

    func onEnd(_ body: @escaping @Sendable (LockError) -> Void) { session.onEnd(body) }

    func end(_ reason: LockError?) { session.end(reason) }
}
#endif
