#if Postgres
public import Holdfast
import HoldfastSQL

/// SQL by which an effect on this database is applied once, however often and by however many it is asked for.
///
/// A lock orders those who apply it, but who finds the lock free cannot tell whether the one before had committed. The
/// database can, where the effect and a mark of its key commit in one transaction:
///
/// ```sql
/// BEGIN;
/// INSERT INTO once (key) VALUES ('order-1234') ON CONFLICT (key) DO NOTHING RETURNING key;
/// -- No row: it was applied before. ROLLBACK, and take it for done.
/// UPDATE accounts SET balance = balance - 5 WHERE id = 7;
/// COMMIT;
/// ```
///
/// Who marks a key that another transaction has marked waits for its end: it finds the key where that has committed,
/// and marks it itself where it has not. At REPEATABLE READ and above it may be told to begin again instead (SQLSTATE
/// `40001`). No answer to `COMMIT` is no matter either: begin again, and the mark says what became of it.
public enum PostgresOnce {
    /// The statement that makes the table of marks; where it is there, nothing changes.
    ///
    /// - Parameter table: `once` or `shop.once`, as it is written in the catalogue: case matters. `once` by default.
    /// - Returns: SQL for whoever may make tables; who marks needs SELECT and INSERT, who
    ///   forgets SELECT, UPDATE and DELETE.
    /// - Throws: ``LockError/Code/invalidArgument`` for names of anything but letters, digits, `_` and `$`.
    public static func table(_ table: String = "once") throws(LockError) -> String {
        """
        CREATE TABLE IF NOT EXISTS \(try quoted(table)) (
            key text COLLATE "C" PRIMARY KEY, done_at timestamptz NOT NULL DEFAULT now());

        """
    }

    /// The statement that marks the key `$1`: the transaction's first. Where it returns no row the effect was applied.
    ///
    /// - Parameter table: as ``table(_:)`` was told.
    /// - Throws: ``LockError/Code/invalidArgument`` for names of anything but letters, digits, `_` and `$`.
    public static func mark(in table: String = "once") throws(LockError) -> String {
        "INSERT INTO \(try quoted(table)) (key) VALUES ($1) ON CONFLICT (key) DO NOTHING RETURNING key"
    }

    /// The statement that forgets marks older than the interval `$1`, at most `$2` of them. A duplicate that comes
    /// later than that is applied again.
    ///
    /// - Parameter table: as ``table(_:)`` was told.
    /// - Throws: ``LockError/Code/invalidArgument`` for names of anything but letters, digits, `_` and `$`.
    public static func forget(in table: String = "once") throws(LockError) -> String {
        let table = try quoted(table)
        return """
            DELETE FROM \(table) WHERE key = ANY (ARRAY(
                SELECT key FROM \(table) WHERE done_at < now() - $1::interval LIMIT $2::bigint FOR UPDATE SKIP LOCKED))
            """
    }

    private static func quoted(_ table: String) throws(LockError) -> String {
        try FenceTable(table, column: "key", longest: longestName).quoted("\"").table
    }

    /// PostgreSQL cuts longer ones.
    private static let longestName = 63
}
#endif
