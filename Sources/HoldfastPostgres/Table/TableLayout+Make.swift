#if Postgres
import Holdfast

extension TableLayout {
    /// Sees to it, on a new session, that the tables are there and are of this version.
    func prepare(_ session: PostgresSession, _ target: String) async throws(LockError) {
        let version = PostgresStatement("SELECT version FROM \(schema).layout")
        var answer = try await session.run(version)
        if case .failed(let fault) = answer, fault.isMissing {
            let made = try await session.run(statements.map { PostgresStatement($0) })
            try SchemaFunctions.check(made, schema, target)
            answer = try await session.run(version)
        }
        if case .failed(let fault) = answer { throw fault.lockError(target) }
        guard let found = answer.first, found == "\(Self.version)" else {
            throw PostgresFault(state: "HF002", message: "the layout has version \(answer.first ?? "none")")
                .lockError(target)
        }
    }
}
#endif
