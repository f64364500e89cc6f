#if MySQL
import Holdfast

extension TableLayout {
    /// What a database says of its tables.
    private struct State {
        /// `nil` where there are none.
        var version: String?
        var revision = 0

        var isComplete: Bool {
            version != nil && (version != "\(TableLayout.version)" || revision >= TableLayout.revision)
        }
    }

    /// Sees to it, on a new session, that everything is there and of this version.
    ///
    /// A server that was started anew or took over may have lost places: the next ones begin at its microseconds since
    /// 1970, as after every beginning.
    static func prepare(_ session: MySQLSession, within limit: Duration) async throws(LockError) {
        let target = session.target
        var found = try await state(session, within: limit)
        if !found.isComplete {
            try await make(session, within: limit)
            found = try await state(session, within: limit)
        }
        guard found.version == "\(version)", found.isComplete else {
            throw LockError(
                .storeUnusable,
                "\(target): the tables were made by another version of Holdfast: use one version, or another database")
        }
        let leap = """
            INSERT IGNORE INTO holdfast_claims (
                place, client, number, blocked, placed_at, expires_at, host, pid, program, label)
                VALUES (\(now), 0, -CONNECTION_ID(), 0, 0, 0, '', 0, '', '');
            DELETE FROM holdfast_claims WHERE client = 0 AND number = -CONNECTION_ID()
            """
        let leapt = try await session.run(leap, within: limit)
        if let fault = leapt.fault { throw fault.lockError(target) }
    }

    private static func state(_ session: MySQLSession, within limit: Duration) async throws(LockError) -> State {
        let answer = try await session.run("SELECT one, version FROM holdfast_layout", within: limit)
        if let fault = answer.fault {
            guard !fault.isMissing else { return State() }
            throw refusal(fault, session.target)
        }
        var state = State()
        for row in answer.results.first?.rows ?? [] where row.count == 2 {
            if row[0] == "1" { state.version = row[1] }
            if row[0] == "2" { state.revision = row[1].flatMap { Int($0) } ?? 0 }
        }
        return state
    }

    private static func make(_ session: MySQLSession, within limit: Duration) async throws(LockError) {
        // One client at a time: what others make meanwhile is not to be dropped under their feet. And whoever reads a
        // table for long is not waited for: all claims would wait behind.
        let lock = "holdfast:layout"
        let seconds = max(1, limit.nanoseconds / 2_000_000_000)
        let turn = try await session.run(
            "SET SESSION lock_wait_timeout = \(seconds); SELECT GET_LOCK('\(lock)', \(seconds))", within: limit)
        guard turn.fault == nil, turn.results.last?.first == "1" else {
            throw turn.fault?.lockError(session.target)
                ?? LockError(.unavailable, "\(session.target): another client makes the tables, and takes long")
        }
        let found = try await state(session, within: limit)
        if !found.isComplete {
            for statement in found.version == nil ? statements : additions {
                guard let fault = try await session.run(statement, within: limit).fault else { continue }
                throw refusal(fault, session.target)
            }
        }
        _ = try await session.run(
            "SET SESSION lock_wait_timeout = DEFAULT; DO RELEASE_LOCK('\(lock)')", within: limit)
    }

    private static func refusal(_ fault: MySQLFault, _ target: String) -> LockError {
        let error = fault.lockError(target)
        guard error.code == .denied else { return error }
        return LockError(
            .denied,
            "\(target): the user may not make or use the tables and procedures: \(fault.message); let one who may run "
                + "what holdfast doctor --script USER prints for this store", cause: fault)
    }
}
#endif
