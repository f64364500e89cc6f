import Holdfast

/// One `holdfast elect --observe` at work.
struct Observing: Sendable {
    /// Between two looks whether anybody reads.
    private static let readerInterval: Duration = .milliseconds(500)

    let key: LockKey
    let interval: Duration
    let isJSON: Bool

    /// Returns when nobody reads any more.
    func run(_ client: LockClient) async throws -> ExitStatus {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for try await state in client.election(key).leaders(every: interval) { Terminal.print(line(state)) }
            }
            group.addTask {
                let time = Timekeeper(ContinuousClock())
                while !Terminal.readerIsGone { try await time.sleep(until: time.now + Self.readerInterval) }
            }
            try await group.next()
            group.cancelAll()
        }
        return .success
    }

    func line(_ state: LeaderState) -> String { (isJSON ? json(state).text : Terminal.escaped(text(state))) + "\n" }

    private func text(_ state: LeaderState) -> String {
        switch state {
        case .none: return "no leader"
        case .unknown: return "unknown: the store cannot be asked"
        case .leader(let candidate):
            let token = candidate.token.map { " token \($0)" } ?? ""
            return "leader \(candidate.proposal)\(token) \(candidate.owner)"
        }
    }

    private func json(_ state: LeaderState) -> JSON {
        var members: [(String, JSON)] = [
            ("state", .string(Self.word(state))), ("at", .integer(WallClock.milliseconds)),
            ("key", .string(key.text)),
        ]
        if case .leader(let candidate) = state {
            members += [
                ("proposal", .string(candidate.proposal)),
                ("token", candidate.token.map { .string("\($0)") } ?? .null), ("owner", candidate.owner.json),
                ("id", .string("\(candidate.id)")),
            ]
        }
        return .object(members)
    }

    private static func word(_ state: LeaderState) -> String {
        switch state {
        case .leader: "leader"
        case .none: "none"
        case .unknown: "unknown"
        }
    }
}
