#if Postgres
/// One statement with its parameters, sent as they are and never made part of the text.
struct PostgresStatement: Sendable {
    let text: String
    /// In text form; `nil` is NULL.
    let parameters: [String?]
    /// Whether the server should keep it parsed, since it comes again and again: one of few texts, then.
    let isKept: Bool

    init(_ text: String, _ parameters: [String?] = [], isKept: Bool = false) {
        self.text = text
        self.parameters = parameters
        self.isKept = isKept
    }
}

/// What became of one statement of a batch.
enum PostgresResult: Sendable, Equatable {
    /// In text form; `nil` is NULL. Empty for statements that return nothing.
    case rows([[String?]])
    case failed(PostgresFault)
    /// An earlier statement of the batch failed: this one was not run, and nothing of the batch is committed.
    case skipped

    var rows: [[String?]]? {
        guard case .rows(let rows) = self else { return nil }
        return rows
    }

    /// The first column of the first row.
    var first: String? { rows?.first?.first ?? nil }
}

/// What the server says of a statement that it refused.
struct PostgresFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// Five letters and digits, as the manual's appendix A lists them; empty where the client itself refused.
    var state: String
    var message: String

    var description: String { "\(message) [\(state)]" }
}
#endif
