#if Postgres
import Holdfast

/// The functions of a schema: one call is one transaction and one round trip, and keeps nothing in the session.
struct SchemaFunctions: Sendable {
    /// In quotes.
    let schema: String
    let pool: PostgresPool
    /// What makes them where one is not there: in order, in one transaction.
    let statements: [String]
    let bounds: PostgresBounds
    /// For messages.
    let target: String
    private let time = Timekeeper(ContinuousClock())

    init(
        _ schema: String, _ pool: PostgresPool, madeBy statements: [String], _ bounds: PostgresBounds, _ target: String
    ) {
        self.schema = schema
        self.pool = pool
        self.statements = statements
        self.bounds = bounds
        self.target = target
    }

    /// Runs one function, and tries again what the server broke off for another's sake.
    ///
    /// - Returns: the rows.
    func call(_ function: String, _ parameters: [String?]) async throws(LockError) -> [[String?]] {
        let numbers = parameters.indices.map { "$\($0 + 1)" }.joined(separator: ",")
        let text = "SELECT * FROM \(schema).\(function)(\(numbers))"
        let statement = PostgresStatement(text, parameters, isKept: true)
        var attempts = 0
        while true {
            attempts += 1
            switch try await pool.run([statement]).first {
            case .rows(let rows)?: return rows
            case .failed(let fault)? where attempts < bounds.attemptsLimit && fault.isTransient:
                let pause = bounds.retryPause * attempts * Double.random(in: 0.5...1)
                do { try await time.sleep(until: time.now + pause) } catch { continue }
            case .failed(let fault)? where attempts < bounds.attemptsLimit && fault.isMissing:
                // Removed under our feet, or made by an older version, which did not have it.
                let made = try await pool.run(statements.map { PostgresStatement($0) })
                try Self.check(made, schema, target)
            case .failed(let fault)?: throw fault.lockError(target)
            case .skipped?, nil: throw TableBackend.unexpected
            }
        }
    }

    /// - Throws: why what is missing was not made, and the remedy.
    static func check(_ results: [PostgresResult], _ schema: String, _ target: String) throws(LockError) {
        for case .failed(let fault) in results {
            guard fault.state != "42501" else {
                throw LockError(
                    .denied,
                    "\(target): the role may not make the schema \(schema), or what an older one lacks: "
                        + "\(fault.message); let one that may run what holdfast doctor --script ROLE prints; see "
                        + "docs/postgres.md", cause: fault)
            }
            throw fault.lockError(target)
        }
    }
}
#endif
