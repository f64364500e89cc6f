#if Postgres
import Holdfast

extension TableLayout {
    /// Sees to it, on a new session, that the tables are there and are of this version.
    func prepare(_ session: PostgresSession, _ target: String) async throws(LockError) {
        let version = PostgresStatement("SELECT version FROM \(schema).layout")
        var answer = try await session.run(version)
        if case .failed(let fault) = answer, fault.isMissing {
            try check(await session.run(statements.map { PostgresStatement($0) }), target)
            answer = try await session.run(version)
        }
        if case .failed(let fault) = answer { throw fault.lockError(target) }
        guard let found = answer.first, found == "\(Self.version)" else {
            throw PostgresFault(state: "HF002", message: "the layout has version \(answer.first ?? "none")")
                .lockError(target)
        }
    }

    /// Makes what is missing.
    func make(by pool: PostgresPool, _ target: String) async throws(LockError) {
        try check(await pool.run(statements.map { PostgresStatement($0) }), target)
    }

    private func check(_ results: [PostgresResult], _ target: String) throws(LockError) {
        for case .failed(let fault) in results {
            guard fault.state != "42501" else {
                throw LockError(
                    .denied,
                    "\(target): the role may not make the schema \(schema): \(fault.message); let one that may run "
                        + "what holdfast doctor --script ROLE prints; see docs/postgres.md", cause: fault)
            }
            throw fault.lockError(target)
        }
    }
}
#endif
