#if Postgres
/// The statements that a session keeps parsed, by text. To parse the one that takes a lock costs more than to run it.
struct KeptStatements: Sendable {
    /// How a statement is sent.
    enum Way: Equatable {
        case plain
        /// Kept from now on under a name, once the server has said so.
        case prepare(String)
        case kept(String)

        /// Under which it is run.
        var name: String? {
            switch self {
            case .plain: nil
            case .prepare(let name), .kept(let name): name
            }
        }
    }

    /// Where statements are not to be kept, or were lost.
    var isOff = false
    private var names: [String: String] = [:]
    /// Asked for and not yet answered: until then the same text goes without.
    private var asked: Set<String> = []
    private var last = 0

    mutating func way(of statement: PostgresStatement) -> Way {
        guard statement.isKept, !isOff else { return .plain }
        if let name = names[statement.text] { return .kept(name) }
        guard names.count + asked.count < Self.limit, asked.insert(statement.text).inserted else { return .plain }
        last += 1
        return .prepare("holdfast_\(last)")
    }

    /// The server has it under that name, or has refused it.
    mutating func prepared(_ text: String, _ name: String, _ result: PostgresResult) {
        asked.remove(text)
        if result.rows != nil { names[text] = name }
    }

    /// Somebody has emptied the session, or it is another: nothing is kept in it any more.
    mutating func lost(_ fault: PostgresFault) {
        guard fault.state == Self.noSuchStatement else { return }
        (isOff, names) = (true, [:])
    }

    static let noSuchStatement = "26000"
    /// Far more than there are texts.
    static let limit = 32
}

/// The answers of one batch, as they come: those to its preparations are nobody else's matter.
struct PostgresTally: Sendable {
    enum Answer: Sendable {
        case answer
        case preparation(of: String, String)
    }

    private(set) var results: [PostgresResult] = []
    private var expected: [Answer] = []
    private var ended = 0
    /// Why a preparation failed: what it was for is skipped, and that is why.
    private var fault: PostgresResult?

    mutating func expect(_ answer: Answer) { expected.append(answer) }

    mutating func add(_ result: PostgresResult, _ kept: inout KeptStatements) {
        if ended < expected.count, case .preparation(let text, let name) = expected[ended] {
            kept.prepared(text, name, result)
            if case .failed = result { fault = result }
            return
        }
        if case .failed(let fault) = result { kept.lost(fault) }
        results.append(fault ?? result)
        fault = nil
    }

    /// - Returns: false where no further answer is expected.
    mutating func endOne() -> Bool {
        guard ended < expected.count else { return false }
        ended += 1
        return true
    }
}
#endif
