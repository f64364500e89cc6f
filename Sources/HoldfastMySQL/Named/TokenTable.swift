#if MySQL
import Holdfast

/// The table of one row that tokens are drawn from.
///
/// A draw is committed before its lock is reported. The number is at least the server's microseconds since 1970, so
/// that it rises, too, where a server has lost its last commits: one that flushes late, or a replica that took over.
enum TokenTable {
    static let name = "holdfast_tokens"

    /// What makes it, for who may.
    static let statements = [
        "CREATE TABLE IF NOT EXISTS \(name) (id INT PRIMARY KEY, token BIGINT NOT NULL) ENGINE=InnoDB",
        "INSERT IGNORE INTO \(name) VALUES (1, 0)",
    ]

    /// Draws where the condition holds: the number is the statement's insert id.
    static func draw(where condition: String) -> String {
        """
        UPDATE \(name) SET token=LAST_INSERT_ID(GREATEST(token+1,CAST(UNIX_TIMESTAMP(NOW(6))*1000000 AS SIGNED))) \
        WHERE id=1 AND \(condition)
        """
    }

    /// Sees to it that the table is there.
    static func prepare(_ session: MySQLSession, within limit: Duration) async throws(LockError) {
        let found = try await session.run("SELECT token FROM \(name) WHERE id=1", within: limit)
        if found.fault == nil, found.results.first?.first != nil { return }
        if let fault = found.fault, !fault.isMissing { throw fault.lockError(session.target) }
        let made = try await session.run(statements.joined(separator: ";"), within: limit)
        guard let fault = made.fault else { return }
        let error = fault.lockError(session.target)
        guard error.code == .denied else { throw error }
        throw LockError(
            .denied,
            "\(session.target): the user may not make the table of tokens: \(fault.message); let the database's owner "
                + "run: \(statements.joined(separator: "; "));", cause: fault)
    }
}
#endif
