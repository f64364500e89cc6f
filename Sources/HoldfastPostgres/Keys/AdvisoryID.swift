#if Postgres
/// What PostgreSQL knows an advisory lock by: one number, or two small ones; the two kinds never meet.
enum AdvisoryID: Sendable, Hashable {
    case one(Int64)
    case pair(Int32, Int32)

    /// As arguments of the lock functions.
    var arguments: String {
        switch self {
        case .one(let number): "\(number)::bigint"
        case .pair(let first, let second): "\(first)::int, \(second)::int"
        }
    }

    /// As `pg_locks` shows it: `classid`, `objid`, `objsubid`.
    var catalogue: (UInt32, UInt32, Int) {
        switch self {
        case .one(let number):
            (UInt32(truncatingIfNeeded: number >> 32), UInt32(truncatingIfNeeded: number), 1)
        case .pair(let first, let second): (UInt32(bitPattern: first), UInt32(bitPattern: second), 2)
        }
    }
}
#endif
