#if MySQL
/// What became of one statement.
enum MySQLResult: Sendable, Equatable {
    /// In text form; `nil` is NULL.
    case rows([[String?]])
    /// A statement without rows: how many it changed, and what `LAST_INSERT_ID` was set to.
    case done(changed: UInt64, insertID: UInt64)

    var rows: [[String?]]? {
        guard case .rows(let rows) = self else { return nil }
        return rows
    }

    /// The first column of the first row.
    var first: String? { rows?.first?.first ?? nil }
}

/// What became of some statements that were sent together: a failed one is the last that was run.
struct MySQLAnswer: Sendable, Equatable {
    var results: [MySQLResult] = []
    var fault: MySQLFault?
}

/// What the server says of a statement that it refused.
struct MySQLFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// As the manual's list of server errors numbers them.
    var number: UInt32
    var message: String

    var description: String { "\(message) [\(number)]" }
}
#endif
