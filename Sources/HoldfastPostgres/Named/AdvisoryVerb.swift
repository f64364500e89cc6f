#if Postgres
import HoldfastSQL

/// What is done with advisory locks, as expressions over any number of them: few texts, so that the server keeps them.
enum AdvisoryVerb {
    static let `try` = choice("pg_try_advisory_lock", "")
    /// True where it has returned.
    static let await = choice("pg_advisory_lock", "::text = ''")
    static let release = "SELECT \(choice("pg_advisory_unlock", "")) FROM \(asked) ORDER BY place"

    /// The locks, in the order in which they are asked for.
    static let asked =
        "unnest($1::bigint[], $2::int[], $3::smallint[]) WITH ORDINALITY AS asked (first, second, kind, place)"

    static func statement(_ text: String, _ locks: [NamedLock]) -> PostgresStatement {
        let rows = locks.map { lock in
            let shared = lock.isShared ? 1 : 0
            return switch AdvisoryID(name: lock.name) {
            case .one(let number)?: ["\(number)", "0", "\(shared)"]
            case .pair(let first, let second)?: ["\(first)", "\(second)", "\(shared + 2)"]
            // Never so; and if it were, no lock.
            case nil: ["NULL", "NULL", "0"]
            }
        }
        let columns = (0..<3).map { column in "{\(rows.map { $0[column] }.joined(separator: ","))}" }
        return PostgresStatement(text, columns, isKept: true)
    }

    /// One number or two, exclusive or shared.
    private static func choice(_ function: String, _ suffix: String) -> String {
        """
        CASE kind WHEN 0 THEN \(function)(first)\(suffix) WHEN 1 THEN \(function)_shared(first)\(suffix)
            WHEN 2 THEN \(function)(first::int, second)\(suffix)
            ELSE \(function)_shared(first::int, second)\(suffix) END
        """
    }
}
#endif
