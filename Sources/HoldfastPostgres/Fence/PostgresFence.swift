#if Postgres
public import Holdfast
import HoldfastSQL

/// SQL by which PostgreSQL itself refuses the write of a holder that has lost its lock.
///
/// Each row remembers the fencing token that wrote it, and each write says its own:
///
/// ```sql
/// UPDATE orders SET state = 'paid', fence = $1 WHERE id = $2 AND fence <= $1
/// ```
///
/// changes no row where a later holder has written. The trigger makes an error of it, also where `AND fence <= $1` was
/// forgotten. A write that does not set the column is not seen; a `DELETE` needs the condition.
public enum PostgresFence {
    /// The SQLSTATE with which the trigger refuses a write.
    public static let refusal = "HF003"

    /// The statements that add the column and the trigger to a table; where they are there, nothing changes.
    ///
    /// - Parameters:
    ///   - table: `orders` or `shop.orders`, as it is written in the catalogue: case matters.
    ///   - column: of type `bigint`; 0 until a fenced write. `fence` by default.
    /// - Returns: SQL for the table's owner, to be run in one transaction.
    /// - Throws: ``LockError/Code/invalidArgument`` for names of anything but letters, digits, `_` and `$`.
    public static func trigger(on table: String, column: String = "fence") throws(LockError) -> String {
        let checked = try FenceTable(table, column: column, longest: longestName)
        let (table, column) = checked.quoted("\"")
        let name = "holdfast_fence"
        let function = (checked.path.dropLast().map { "\"\($0)\"" } + ["\"\(name)_\(checked.column)\""])
            .joined(separator: ".")
        return """
            ALTER TABLE \(table) ADD COLUMN IF NOT EXISTS \(column) bigint NOT NULL DEFAULT 0;
            CREATE OR REPLACE FUNCTION \(function)() RETURNS trigger LANGUAGE plpgsql AS $holdfast$
            BEGIN
                IF NEW.\(column) IS NULL OR NEW.\(column) < OLD.\(column) THEN
                    RAISE EXCEPTION 'fencing token % is older than % of this row', NEW.\(column), OLD.\(column)
                        USING ERRCODE = '\(refusal)', HINT = 'the lock was lost: another holder has written since';
                END IF;
                RETURN NEW;
            END $holdfast$;
            DROP TRIGGER IF EXISTS "\(name)" ON \(table);
            CREATE TRIGGER "\(name)" BEFORE UPDATE ON \(table) FOR EACH ROW EXECUTE FUNCTION \(function)();

            """
    }

    /// Room for what stands before the column's name in the function's.
    private static let longestName = 48
}
#endif
