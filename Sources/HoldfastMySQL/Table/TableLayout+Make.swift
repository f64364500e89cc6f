#if MySQL
import Holdfast

extension TableLayout {
    /// Sees to it, on a new session, that everything is there and of this version.
    ///
    /// A server that was started anew or took over may have lost places: the next ones begin at its microseconds since
    /// 1970, as after every beginning.
    static func prepare(_ session: MySQLSession, within limit: Duration) async throws(LockError) {
        let target = session.target
        let question = "SELECT version FROM holdfast_layout WHERE one=1"
        var found = try await session.run(question, within: limit)
        if found.fault?.isMissing == true || (found.fault == nil && found.results.first?.first == nil) {
            try await make(session, within: limit)
            found = try await session.run(question, within: limit)
        }
        if let fault = found.fault { throw fault.lockError(target) }
        guard let known = found.results.first?.first, known == "\(version)" else {
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

    private static func make(_ session: MySQLSession, within limit: Duration) async throws(LockError) {
        let target = session.target
        // One client at a time: what others make meanwhile is not to be dropped under their feet.
        let lock = "holdfast:layout"
        let seconds = max(1, limit.nanoseconds / 2_000_000_000)
        _ = try await session.run("SELECT GET_LOCK('\(lock)', \(seconds))", within: limit)
        let isMade = try await session.run("SELECT version FROM holdfast_layout WHERE one=1", within: limit)
        if isMade.fault != nil || isMade.results.first?.first == nil {
            for statement in statements {
                guard let fault = try await session.run(statement, within: limit).fault else { continue }
                let error = fault.lockError(target)
                guard error.code == .denied else { throw error }
                throw LockError(
                    .denied,
                    "\(target): the user may not make the tables and procedures: \(fault.message); let one who may "
                        + "run what holdfast doctor --script USER prints for this store", cause: fault)
            }
        }
        _ = try await session.run("DO RELEASE_LOCK('\(lock)')", within: limit)
    }
}
#endif
