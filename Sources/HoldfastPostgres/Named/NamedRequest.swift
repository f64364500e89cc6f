#if Postgres
import Holdfast
import HoldfastSQL

/// A batch in PostgreSQL's words: pipelined statements, which take or give back locks of the session.
struct NamedRequest: Sendable {
    let statements: [PostgresStatement]
    private let batch: NamedBatch

    init(_ batch: NamedBatch, _ layout: NamedLayout, _ seat: NamedSeat) {
        self.batch = batch
        var statements: [PostgresStatement] = []
        if !batch.releases.isEmpty {
            let release = AdvisoryVerb.release
            statements.append(
                AdvisoryVerb.statement(
                    batch.releases, one: { "SELECT \(release.ofOne($0))" },
                    many: "SELECT \(release.ofEach) FROM \(AdvisoryVerb.asked) ORDER BY place"))
        }
        if !batch.checks.isEmpty {
            // Another process answers where a pooler has given the session to somebody else.
            statements.append(Self.held(by: seat))
        }
        if !batch.tries.isEmpty {
            let take = batch.waits ? AdvisoryVerb.await : AdvisoryVerb.try
            statements.append(
                AdvisoryVerb.statement(
                    batch.tries, one: { layout.take(take.ofOne($0)) }, many: layout.takeEach(take.ofEach)))
        }
        self.statements = statements
    }

    /// The locks of this session, where it is still that process's. It reads no table that all databases share: a
    /// server whose lock table is full could not.
    static func held(by seat: NamedSeat) -> PostgresStatement {
        PostgresStatement(
            """
            SELECT classid::text || '/' || objid || '/' || objsubid, mode = 'ShareLock' FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND pid = $1::int
            AND database = $2::oid
            """, ["\(seat.pid)", "\(seat.database)"], isKept: true)
    }

    func outcome(_ results: [PostgresResult], _ target: String) -> NamedBatch.Outcome {
        var outcome = NamedBatch.Outcome()
        for case .failed(let fault) in results { outcome.fault = fault.named(target) }
        var results = results[...]
        if !batch.releases.isEmpty, let rows = results.popFirst()?.rows {
            outcome.releases = rows.map { $0.first == "t" }
        }
        if !batch.checks.isEmpty, let rows = results.popFirst()?.rows {
            let held = Set(rows.map { NamedLock($0[0] ?? "", isShared: $0[1] == "t") })
            outcome.checks = batch.checks.map { held.contains($0) }
        }
        guard !batch.tries.isEmpty, let rows = results.popFirst()?.rows, rows.count == batch.tries.count else {
            return outcome
        }
        outcome.tries = rows.map { row in
            guard row.count >= 2, row[0] == "t" else { return .busy }
            return row[1].flatMap { Int64($0) }.flatMap { FencingToken(rawValue: $0) }.map { .held($0) } ?? .tokenless
        }
        return outcome
    }
}

extension PostgresFault {
    /// For the engine of named locks.
    func named(_ target: String) -> NamedFault {
        let isDeadlock = state == "40P01"
        let error =
            isDeadlock
            ? LockError(.deadlock, "\(target): the server chose this wait to break a circle of waits", cause: self)
            : lockError(target)
        return NamedFault(
            error, isTransient: isTransient, isInterrupted: state == "57014", isMissing: isMissing,
            isDeadlock: isDeadlock)
    }
}
#endif
