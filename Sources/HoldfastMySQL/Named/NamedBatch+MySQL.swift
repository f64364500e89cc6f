#if MySQL
import Holdfast
import HoldfastSQL

extension NamedBatch {
    /// So long a statement waits for a named lock; then the wait is renewed. In seconds.
    private static let longestWait = 30 * 24 * 3600

    func text(_ tokens: TokenTable) -> String {
        var statements: [String] = []
        if let idleTimeout { statements.append("SET SESSION wait_timeout=\(idleTimeout)") }
        let looks =
            releases.map { "RELEASE_LOCK(\(SQLText.quoted($0.name)))" }
            + checks.map { "IS_USED_LOCK(\(SQLText.quoted($0.name)))=CONNECTION_ID()" }
        if !looks.isEmpty { statements.append("SELECT " + looks.joined(separator: ",")) }
        if !tries.isEmpty {
            let seconds = waits ? Self.longestWait : 0
            let variables = tries.indices.map { "@holdfast\($0)" }.joined(separator: ",")
            let locks = tries.map { "GET_LOCK(\(SQLText.quoted($0.name)),\(seconds))" }.joined(separator: ",")
            statements.append("SELECT \(locks) INTO \(variables)")
            statements.append(tokens.draw(where: "1 IN (\(variables))"))
            statements.append("SELECT \(variables)")
        }
        return statements.joined(separator: ";")
    }

    func outcome(_ answer: MySQLAnswer, _ target: String) -> Outcome {
        var outcome = Outcome(fault: answer.fault?.named(target))
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

extension MySQLFault {
    /// For the engine of named locks.
    func named(_ target: String) -> NamedFault {
        NamedFault(
            lockError(target), isTransient: isTransient, isInterrupted: isInterrupted, isMissing: isMissing,
            isDeadlock: number == 1213)
    }
}
#endif
