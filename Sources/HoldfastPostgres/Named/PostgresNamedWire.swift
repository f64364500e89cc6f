#if Postgres
import Holdfast
import HoldfastSQL

/// Where a session sits at the server.
struct NamedSeat: Sendable {
    /// The server's process, and when it was started, in microseconds: its number may be another's by now.
    let pid: Int32
    let startedAt: Int64
    /// The database's number.
    let database: UInt32
    /// Whether the server ends sessions that are silent.
    let endsIdle: Bool
}

/// A session that asks for advisory locks in the server's words.
final class PostgresNamedWire: NamedWire {
    private let session: PostgresSession
    private let seat: NamedSeat
    private let configuration: PostgresConfiguration
    private let layout: NamedLayout
    private let target: String

    init(
        _ session: PostgresSession, _ seat: NamedSeat, _ configuration: PostgresConfiguration, _ layout: NamedLayout
    ) {
        self.session = session
        self.seat = seat
        self.configuration = configuration
        self.layout = layout
        target = configuration.description
    }

    func name(of key: LockKey) throws(LockError) -> String {
        try configuration.keys.id(of: configuration.prefix + key.text).name
    }

    func send(
        _ batch: NamedBatch, within limit: Duration?,
        _ done: @escaping @Sendable (Result<NamedBatch.Outcome, LockError>) -> Void
    ) {
        session.assumeIsolated { session in
            // On its own: it stands where what comes with it fails.
            if let seconds = batch.idleTimeout, let statement = keeping(for: seconds) {
                session.ask([statement], within: limit) { _ in }
            }
            let request = NamedRequest(batch, layout, seat)
            session.ask(request.statements, within: limit) { [target] answer in
                done(answer.map { request.outcome($0, target) })
            }
        }
    }

    /// Lets the server end the session when it was silent for so many seconds.
    func keep(for seconds: Int) async {
        if let statement = keeping(for: seconds) { _ = try? await session.run(statement) }
    }

    private func keeping(for seconds: Int) -> PostgresStatement? {
        seat.endsIdle ? PostgresStatement("SET idle_session_timeout = '\(seconds)s'") : nil
    }

    var interruption: String { order("pg_cancel_backend") }
    var termination: String { order("pg_terminate_backend") }

    private func order(_ verb: String) -> String {
        """
        SELECT \(verb)(pid) FROM pg_stat_activity WHERE pid = \(seat.pid)
        AND (extract(epoch FROM backend_start) * 1000000)::bigint = \(seat.startedAt)
        """
    }

    func order(_ orders: [String], within limit: Duration, _ done: @escaping @Sendable () -> Void) {
        session.assumeIsolated { $0.ask(orders.map { PostgresStatement($0) }, within: limit) { _ in done() } }
    }

    func onEnd(_ body: @escaping @Sendable (LockError) -> Void) { session.assumeIsolated { $0.whenClosed(body) } }

    func end(_ reason: LockError?) {
        session.assumeIsolated { session in
            if let reason { session.close(reason) } else { session.close() }
        }
    }
}
#endif
