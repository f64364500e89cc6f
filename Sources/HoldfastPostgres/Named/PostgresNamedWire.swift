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
struct PostgresNamedWire: NamedWire {
    let session: PostgresSession
    let seat: NamedSeat
    let layout: NamedLayout
    let target: String

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
            session.ask(request.statements, within: limit) { answer in
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

    func interrupt(_ other: PostgresNamedWire, within limit: Duration, _ done: @escaping @Sendable () -> Void) {
        session.assumeIsolated { session in
            session.ask([order("pg_cancel_backend", to: other)], within: limit) { _ in done() }
        }
    }

    func kill(_ others: [PostgresNamedWire]) async {
        let kills = others.map { order("pg_terminate_backend", to: $0) }
        await withCheckedContinuation { waiter in
            session.assumeIsolated { $0.ask(kills, within: .seconds(1)) { _ in waiter.resume() } }
        }
    }

    private func order(_ verb: String, to other: PostgresNamedWire) -> PostgresStatement {
        PostgresStatement(
            """
            SELECT \(verb)(pid) FROM pg_stat_activity WHERE pid = \(other.seat.pid)
            AND (extract(epoch FROM backend_start) * 1000000)::bigint = \(other.seat.startedAt)
            """)
    }

    func onEnd(_ body: @escaping @Sendable (LockError) -> Void) { session.assumeIsolated { $0.whenClosed(body) } }

    func end(_ reason: LockError?) {
        session.assumeIsolated { session in
            if let reason { session.close(reason) } else { session.close() }
        }
    }
}
#endif
