#if Postgres
/// What PostgreSQL knows an advisory lock by: one number, or two small ones; the two kinds never meet.
enum AdvisoryID: Sendable, Hashable {
    case one(Int64)
    case pair(Int32, Int32)

    /// The same as one text.
    var name: String { "\(catalogue.0)/\(catalogue.1)/\(catalogue.2)" }

    /// - Returns: `nil` for what ``name`` never is.
    init?(name: String) {
        let numbers = name.split(separator: "/").compactMap { UInt32($0) }
        guard numbers.count == 3 else { return nil }
        switch numbers[2] {
        case 1: self = .one(Int64(bitPattern: UInt64(numbers[0]) << 32 | UInt64(numbers[1])))
        case 2: self = .pair(Int32(bitPattern: numbers[0]), Int32(bitPattern: numbers[1]))
        default: return nil
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
