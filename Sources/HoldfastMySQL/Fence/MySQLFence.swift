#if MySQL
public import Holdfast
import HoldfastSQL

/// SQL by which MySQL or MariaDB itself refuses the write of a holder that has lost its lock.
///
/// Each row remembers the fencing token that wrote it, and each write says its own:
///
/// ```sql
/// UPDATE orders SET state = 'paid', fence = ? WHERE id = ? AND fence <= ?
/// ```
///
/// changes no row where a later holder has written. The trigger makes an error of it, also where `AND fence <= ?` was
/// forgotten. A write that does not set the column is not seen; a `DELETE` needs the condition.
public enum MySQLFence {
    /// The SQLSTATE with which the trigger refuses a write.
    public static let refusal = "45000"

    /// The statements that add the column and the trigger to a table, each to be run by itself.
    ///
    /// - Parameters:
    ///   - table: `orders` or `shop.orders`.
    ///   - column: of type `BIGINT`; 0 until a fenced write. `fence` by default.
    /// - Returns: SQL for the table's owner. The `mysql` client needs another `DELIMITER` around the last one.
    /// - Throws: ``LockError/Code/invalidArgument`` for names of anything but letters, digits, `_` and `$`.
    public static func trigger(on table: String, column: String = "fence") throws(LockError) -> [String] {
        let checked = try FenceTable(table, column: column, longest: longestName)
        let (table, column) = checked.quoted("`")
        let trigger = (checked.path.dropLast() + ["\(checked.path.last ?? "")_holdfast_fence"])
            .map { "`\($0)`" }.joined(separator: ".")
        return [
            "ALTER TABLE \(table) ADD COLUMN \(column) BIGINT NOT NULL DEFAULT 0",
            """
            CREATE TRIGGER \(trigger) BEFORE UPDATE ON \(table) FOR EACH ROW
            IF NEW.\(column) IS NULL OR NEW.\(column) < OLD.\(column) THEN
                SIGNAL SQLSTATE '\(refusal)' SET MESSAGE_TEXT = 'the fencing token is older than that of this row';
            END IF
            """,
        ]
    }

    /// Room for what stands behind the table's name in the trigger's.
    private static let longestName = 48
}
#endif
