#if MySQL
import Holdfast

/// What one request asks of a session's named locks: first what is let go and looked at, then what is tried or awaited.
struct NamedBatch: Sendable {
    /// In seconds; `nil` where it stays.
    var idleTimeout: Int?
    var releases: [String] = []
    var checks: [String] = []
    var tries: [String] = []
    /// For how long each is tried; 0 is not at all.
    var waitSeconds: Int64 = 0

    func text(_ tokens: TokenTable) -> String {
        var statements: [String] = []
        if let idleTimeout { statements.append("SET SESSION wait_timeout=\(idleTimeout)") }
        let looks =
            releases.map { "RELEASE_LOCK(\(SQLText.quoted($0)))" }
            + checks.map { "IS_USED_LOCK(\(SQLText.quoted($0)))=CONNECTION_ID()" }
        if !looks.isEmpty { statements.append("SELECT " + looks.joined(separator: ",")) }
        if !tries.isEmpty {
            let variables = tries.indices.map { "@holdfast\($0)" }.joined(separator: ",")
            let locks = tries.map { "GET_LOCK(\(SQLText.quoted($0)),\(waitSeconds))" }.joined(separator: ",")
            statements.append("SELECT \(locks) INTO \(variables)")
            statements.append(tokens.draw(where: "1 IN (\(variables))"))
            statements.append("SELECT \(variables)")
        }
        return statements.joined(separator: ";")
    }

    /// What became of a try.
    enum Try: Sendable, Equatable {
        case held(FencingToken)
        case busy
        /// The server says neither: it was broken off.
        case unknown
        /// The lock is there, but no token could be drawn.
        case tokenless
    }

    struct Outcome: Sendable {
        /// Whether each was ours.
        var releases: [Bool] = []
        var checks: [Bool] = []
        var tries: [Try] = []
        /// What ended the request early: nothing is known of the tries.
        var fault: MySQLFault?

        /// The number that was missing, or why there is none. Locks of different names may share one.
        mutating func fill(_ token: FencingToken?, _ fault: MySQLFault?) {
            if let token { tries = tries.map { $0 == .tokenless ? .held(token) : $0 } } else { self.fault = fault }
        }
    }

    func outcome(_ answer: MySQLAnswer) -> Outcome {
        var outcome = Outcome(fault: answer.fault)
        var results = answer.results[...]
        if idleTimeout != nil { _ = results.popFirst() }
        if !releases.isEmpty || !checks.isEmpty {
            guard let row = results.popFirst()?.rows?.first else { return outcome }
            outcome.releases = row.prefix(releases.count).map { $0 == "1" }
            outcome.checks = row.dropFirst(releases.count).map { $0 == "1" }
        }
        // Before the numbers comes what set them, and the draw.
        guard !tries.isEmpty, results.count == 3, let row = results.last?.rows?.first, row.count == tries.count else {
            return outcome
        }
        var token: FencingToken?
        if case .done(1..., let number) = results[results.startIndex + 1] {
            token = FencingToken(rawValue: Int64(truncatingIfNeeded: number))
        }
        outcome.tries = row.map { value in
            switch value {
            case "1": token.map { .held($0) } ?? .tokenless
            case "0": .busy
            default: .unknown
            }
        }
        return outcome
    }
}
#endif
