#if SQLite
public import Holdfast
import HoldfastSQL

/// SQL by which an SQLite database of the user's own refuses the write of a holder that has lost its lock.
///
/// Each row remembers the fencing token that wrote it, and each write says its own:
///
/// ```sql
/// UPDATE orders SET state = 'paid', fence = ?1 WHERE id = ?2 AND fence <= ?1
/// ```
///
/// changes no row where a later holder has written. The trigger makes an error of it, also where `AND fence <= ?1` was
/// forgotten. A write that does not set the column is not seen; `DELETE` and `REPLACE` need the condition.
public enum SQLiteFence {
    /// The extended result code with which the trigger refuses a write: `SQLITE_CONSTRAINT_TRIGGER`.
    public static let refusal: Int32 = 1811

    /// The statements that add the column and the trigger to a table, to be run in one transaction.
    ///
    /// - Parameters:
    ///   - table: `orders`, or `shop.orders` in an attached database.
    ///   - column: an integer; 0 until a fenced write. `fence` by default.
    /// - Returns: SQL, once for a table: where the column is there already, only the last statement is to be run.
    /// - Throws: ``LockError/Code/invalidArgument`` for names of anything but letters, digits, `_` and `$`.
    public static func trigger(on table: String, column: String = "fence") throws(LockError) -> [String] {
        let checked = try FenceTable(table, column: column, longest: longestName)
        let (table, column) = checked.quoted("\"")
        let name = checked.path.last ?? ""
        let trigger = (checked.path.dropLast() + ["\(name)_holdfast_fence"]).map { "\"\($0)\"" }
            .joined(separator: ".")
        return [
            "ALTER TABLE \(table) ADD COLUMN \(column) INTEGER NOT NULL DEFAULT 0",
            // A column of SQLite takes any type, and text is greater than every number.
            """
            CREATE TRIGGER IF NOT EXISTS \(trigger) BEFORE UPDATE ON "\(name)" FOR EACH ROW
            WHEN typeof(NEW.\(column)) <> 'integer' OR NEW.\(column) < OLD.\(column)
            BEGIN
                SELECT RAISE(ABORT, 'the fencing token is older than that of this row');
            END
            """,
        ]
    }

    /// As long as in other databases, so that a schema can move.
    private static let longestName = 48
}
#endif
