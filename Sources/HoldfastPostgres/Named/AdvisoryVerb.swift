#if Postgres
import HoldfastSQL

/// What is done with advisory locks, as expressions over one or any number of them: few texts, so that the server keeps
/// them. Over one they cost it half of what they cost over a list.
struct AdvisoryVerb: Sendable {
    private let function: String
    /// Makes of what the function returns whether it was got.
    private let suffix: String

    static let `try` = AdvisoryVerb(function: "pg_try_advisory_lock", suffix: "")
    /// True where it has returned.
    static let await = AdvisoryVerb(function: "pg_advisory_lock", suffix: "::text = ''")
    static let release = AdvisoryVerb(function: "pg_advisory_unlock", suffix: "")

    /// The locks, in the order in which they are asked for.
    static let asked =
        "unnest($1::bigint[], $2::int[], $3::smallint[]) WITH ORDINALITY AS asked (first, second, kind, place)"

    /// For each of the locks that are ``asked`` for.
    var ofEach: String {
        let choices = Kind.allCases.map { "WHEN \($0.rawValue) THEN \(expression($0, "first", "second"))" }
        return "CASE kind \(choices.joined(separator: " ")) END"
    }

    /// For one, whose numbers are the parameters.
    func ofOne(_ lock: NamedLock) -> String { expression(Kind(lock), "$1", "$2") }

    /// One number or two, exclusive or shared.
    private enum Kind: Int, CaseIterable {
        case one, oneShared, pair, pairShared

        init(_ lock: NamedLock) {
            if case .pair? = AdvisoryID(name: lock.name) {
                self = lock.isShared ? .pairShared : .pair
            } else {
                self = lock.isShared ? .oneShared : .one
            }
        }
    }

    private func expression(_ kind: Kind, _ first: String, _ second: String) -> String {
        switch kind {
        case .one: "\(function)(\(first)::bigint)\(suffix)"
        case .oneShared: "\(function)_shared(\(first)::bigint)\(suffix)"
        case .pair: "\(function)(\(first)::int, \(second)::int)\(suffix)"
        case .pairShared: "\(function)_shared(\(first)::int, \(second)::int)\(suffix)"
        }
    }

    /// - Parameters:
    ///   - one: the text for one lock.
    ///   - many: that for those that are ``asked`` for.
    static func statement(_ locks: [NamedLock], one: (NamedLock) -> String, many: String) -> PostgresStatement {
        let rows = locks.map { lock -> [String] in
            let kind = "\(Kind(lock).rawValue)"
            return switch AdvisoryID(name: lock.name) {
            case .one(let number)?: ["\(number)", "0", kind]
            case .pair(let first, let second)?: ["\(first)", "\(second)", kind]
            // Never so; and if it were, no lock.
            case nil: ["NULL", "NULL", "0"]
            }
        }
        if locks.count == 1, let id = AdvisoryID(name: locks[0].name) {
            let numbers = if case .pair = id { 2 } else { 1 }
            return PostgresStatement(one(locks[0]), Array(rows[0].prefix(numbers)), isKept: true)
        }
        let columns = (0..<3).map { column in "{\(rows.map { $0[column] }.joined(separator: ","))}" }
        return PostgresStatement(many, columns, isKept: true)
    }
}
#endif
