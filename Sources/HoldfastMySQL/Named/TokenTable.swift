#if MySQL
import Holdfast

/// Where tokens are drawn from: a row that is flushed, and one in memory that saves the flush for most of them.
///
/// The flushed row says what may have been given out: a whole block, which is reserved before its first number is used.
/// The row in memory says how much of the block was. It ends with the server, and the next block begins above all that
/// was reserved, and above the microseconds since 1970, so that tokens rise, too, where a server has lost its last
/// commits: one that flushes late, or a replica that took over. A server that writes a binary log would flush the row
/// in memory, too: there each token is drawn from the flushed row.
struct TokenTable: Sendable {
    static let name = "holdfast_tokens"
    private static let volatile = "holdfast_draws"
    /// Of both tables.
    static let names = [name, volatile]
    private static let block = 1_000_000
    private static let microseconds = "CAST(UNIX_TIMESTAMP(NOW(6))*1000000 AS SIGNED)"

    /// What makes it, for who may.
    static let statements = [
        "CREATE TABLE IF NOT EXISTS \(name) (id INT PRIMARY KEY, token BIGINT NOT NULL) ENGINE=InnoDB",
        "INSERT IGNORE INTO \(name) VALUES (1, 0)",
        """
        CREATE TABLE IF NOT EXISTS \(volatile) (id INT PRIMARY KEY, token BIGINT NOT NULL, top BIGINT NOT NULL) \
        ENGINE=MEMORY
        """,
    ]

    /// Whether the row in memory is used.
    let isQuick: Bool

    /// Draws where the condition holds: the number is the statement's insert id. None is drawn where it must be
    /// refilled.
    func draw(where condition: String) -> String {
        guard isQuick else {
            return """
                UPDATE \(Self.name) SET token=LAST_INSERT_ID(GREATEST(token+1,\(Self.microseconds))) \
                WHERE id=1 AND \(condition)
                """
        }
        return """
            UPDATE \(Self.volatile) SET token=LAST_INSERT_ID(token+1) WHERE id=1 AND token<top AND \(condition)
            """
    }

    /// Reserves a block, and draws its first number: the first statement's insert id, less what is behind it.
    ///
    /// Another's block may be in memory by then: the higher one stays.
    let refill = """
        UPDATE \(name) SET token=LAST_INSERT_ID(GREATEST(token,\(microseconds))+\(block)) WHERE id=1; \
        INSERT INTO \(volatile) VALUES (1,LAST_INSERT_ID()-\(block)+1,LAST_INSERT_ID()) ON DUPLICATE KEY UPDATE \
        token=IF(VALUES(top)>top,VALUES(token),token),top=GREATEST(top,VALUES(top))
        """

    func refilled(_ answer: MySQLAnswer) -> FencingToken? {
        guard answer.fault == nil, answer.results.count == 2, case .done(1..., let top) = answer.results[0] else {
            return nil
        }
        return FencingToken(rawValue: Int64(truncatingIfNeeded: top) - Int64(Self.block) + 1)
    }

    init(_ facts: ServerFacts) { isQuick = !facts.isOn("log_bin") }

    /// Sees to it that the tables are there.
    func made(by session: MySQLSession, _ limit: Duration) async throws(LockError) -> TokenTable {
        let found = try await session.run(
            "SELECT token FROM \(Self.name) WHERE id=1; SELECT COUNT(*) FROM \(Self.volatile)", within: limit)
        if found.fault == nil, found.results.first?.first != nil { return self }
        if let fault = found.fault, !fault.isMissing { throw fault.lockError(session.target) }
        let made = try await session.run(Self.statements.joined(separator: ";"), within: limit)
        guard let fault = made.fault else { return self }
        let error = fault.lockError(session.target)
        guard error.code == .denied else { throw error }
        throw LockError(
            .denied,
            "\(session.target): the user may not make the tables of tokens: \(fault.message); let one who may run what "
                + "holdfast doctor --script USER prints for this store", cause: fault)
    }
}
#endif
