#if Postgres
import Holdfast
import HoldfastSQL

/// A batch in PostgreSQL's words: pipelined statements, which take or give back locks of the session.
struct NamedRequest: Sendable {
    let statements: [PostgresStatement]
    private let batch: NamedBatch

    /// - Parameter pid: the server's process that has the locks.
    init(_ batch: NamedBatch, _ layout: NamedLayout, _ pid: Int32) {
        self.batch = batch
        var texts: [String] = []
        if !batch.releases.isEmpty {
            texts.append("SELECT " + batch.releases.map { Self.call("unlock", $0) }.joined(separator: ", "))
        }
        if !batch.checks.isEmpty {
            // Another process answers where a pooler has given the session to somebody else.
            texts.append(
                """
                SELECT classid::text || '/' || objid || '/' || objsubid, mode = 'ShareLock' FROM pg_locks
                WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND pid = \(pid)
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """)
        }
        if !batch.tries.isEmpty {
            let calls = batch.tries.map { batch.waits ? "\(Self.call("lock", $0))::text = ''" : Self.call("try", $0) }
            texts.append(layout.take(calls))
        }
        statements = texts.map { PostgresStatement($0) }
    }

    func outcome(_ results: [PostgresResult], _ target: String) -> NamedBatch.Outcome {
        var outcome = NamedBatch.Outcome()
        for case .failed(let fault) in results { outcome.fault = fault.named(target) }
        var results = results[...]
        if !batch.releases.isEmpty, let row = results.popFirst()?.rows?.first {
            outcome.releases = row.map { $0 == "t" }
        }
        if !batch.checks.isEmpty, let rows = results.popFirst()?.rows {
            let held = Set(rows.map { NamedLock($0[0] ?? "", isShared: $0[1] == "t") })
            outcome.checks = batch.checks.map { held.contains($0) }
        }
        guard !batch.tries.isEmpty, let row = results.popFirst()?.rows?.first, row.count == batch.tries.count + 2 else {
            return outcome
        }
        let token = row[batch.tries.count].flatMap { Int64($0) }.flatMap { FencingToken(rawValue: $0) }
        outcome.tries = row.prefix(batch.tries.count).map { $0 == "t" ? token.map { .held($0) } ?? .tokenless : .busy }
        return outcome
    }

    /// `pg_try_advisory_lock`, `pg_advisory_lock`, `pg_advisory_unlock`, and the same with `_shared`.
    private static func call(_ verb: String, _ lock: NamedLock) -> String {
        let name = verb == "try" ? "pg_try_advisory_lock" : "pg_advisory_\(verb)"
        let arguments = AdvisoryID(name: lock.name)?.arguments ?? "NULL::bigint"
        return "\(name)\(lock.isShared ? "_shared" : "")(\(arguments))"
    }
}

extension PostgresFault {
    /// For the engine of named locks.
    func named(_ target: String) -> NamedFault {
        let isDeadlock = state == "40P01"
        let error =
            isDeadlock
            ? LockError(.wouldDeadlock, "\(target): the server chose this wait to break a circle of waits", cause: self)
            : lockError(target)
        return NamedFault(
            error, isTransient: isTransient, isInterrupted: state == "57014", isMissing: isMissing,
            isDeadlock: isDeadlock)
    }
}
#endif
