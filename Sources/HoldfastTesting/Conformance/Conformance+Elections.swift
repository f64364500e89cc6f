import Holdfast

extension Conformance {
    /// What elections promise on every backend that keeps notes and can list.
    static let elections: [ConformanceCase] = [
        ConformanceCase(
            "candidates lead in the order in which they came, with rising tokens", [.notes, .listing, .fifo, .time]
        ) { stage in
            try await Coordination.withClients(3, stage) { clients in
                let (seen, end) = (Turns(), Signal())
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await clients[0].election(stage.key("e")).withLeadership(proposal: "first") { leader in
                            seen.note(leader.token)
                            _ = await end.wait()
                        }
                    }
                    try await candidates(1, clients[0], stage)
                    for (number, name) in ["second", "third"].enumerated() {
                        group.addTask {
                            let leadership = try await clients[number + 1].election(stage.key("e"))
                                .campaign(proposal: name)
                            seen.note(leadership.token)
                            let now = try await clients[0].election(stage.key("e")).candidates()
                            try require(now.first?.proposal == name, "\(name) leads, and listed are \(now)")
                            try await leadership.resign()
                        }
                        try await candidates(number + 2, clients[0], stage)
                    }
                    let names = try await clients[0].election(stage.key("e")).candidates().map(\.proposal)
                    try require(names == ["first", "second", "third"], "the candidates are \(names)")
                    end.set()
                    try await group.waitForAll()
                }
                try require(seen.tokens == seen.tokens.sorted() && seen.tokens.count == 3, "tokens: \(seen.tokens)")
            }
        },
        ConformanceCase(
            "observers are told of each leader, its proposals, and that there is none", [.notes, .listing, .time]
        ) { stage in
            try await Coordination.withClients(2, stage) { clients in
                let election = clients[0].election(stage.key("e"))
                var states = clients[1].election(stage.key("e")).leaders(every: .milliseconds(500)).makeAsyncIterator()
                try await expect(nil, &states)
                let leadership = try await election.campaign(proposal: "10.0.0.5:8080")
                try await expect("10.0.0.5:8080", &states)
                try await leadership.proclaim("10.0.0.6:8080")
                try await expect("10.0.0.6:8080", &states)
                try await leadership.resign()
                try await expect(nil, &states)
                try await election.withLeadership(proposal: "again") { _ in
                    let now = try await election.candidates()
                    try require(now.first?.proposal == "again", "listed: \(now)")
                }
            }
        },
        ConformanceCase("a leader hands over to the candidate that it prefers", [.notes, .listing, .fifo, .time]) {
            stage in
            try await Coordination.withClients(3, stage) { clients in
                let leadership = try await clients[0].election(stage.key("e")).campaign(proposal: "old")
                let order = Names()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (number, name) in ["oldest", "preferred"].enumerated() {
                        group.addTask {
                            try await clients[number + 1].election(stage.key("e")).withLeadership(proposal: name) { _ in
                                order.note(name)
                            }
                        }
                        try await candidates(number + 2, clients[0], stage)
                    }
                    let waiting = try await clients[0].election(stage.key("e")).candidates()
                    guard let last = waiting.last else { throw ConformanceFailure("no candidates are listed") }
                    try await leadership.handOver(to: last.id)
                    try await group.waitForAll()
                }
                try require(order.names == ["preferred", "oldest"], "they led in the order \(order.names)")
            }
        },
        ConformanceCase("from a clean resignation to the next leader two requests are enough", [.notes, .listing]) {
            stage in
            let lines = (0..<2).map { FaultyBackend(BackendView(stage.backends[$0]), seed: 0, plan: .none) }
            try await Coordination.withClients(lines, life: stage.life) { clients in
                let elections = clients.map { $0.election(stage.key("e")) }
                let end = Signal()
                @Sendable func sent() -> Int { lines.reduce(0) { $0 + $1.counts.calls } }
                let requests = try await withThrowingTaskGroup(of: Int.self) { group in
                    group.addTask {
                        try await elections[0].withLeadership(proposal: "old") { _ in
                            _ = await end.wait()
                            return 0
                        }
                    }
                    try await candidates(1, clients[0], stage)
                    group.addTask { try await elections[1].withLeadership(proposal: "new") { _ in sent() } }
                    try await candidates(2, clients[0], stage)
                    let before = sent()
                    end.set()
                    return try await group.reduce(0, max) - before
                }
                try require((1...2).contains(requests), "it took \(requests) requests")
            }
        },
        ConformanceCase("a leader that crashed is followed within its life and a second", [.notes, .listing, .expiry]) {
            stage in
            let life = stage.shortLife
            let note = try Election.options(proposal: "crashed").note
            // Nobody extends it.
            let crashed = try stage.claim([Claim.Part(stage.key("e"), .exclusive)], life: life, note: note)
            try await Coordination.withClients([BackendView(stage.backends[1])], life: stage.life) { clients in
                let began = ContinuousClock.now
                try await stage.hold(crashed)
                let end = try await withThrowingTaskGroup(of: ContinuousClock.Instant.self) { group in
                    group.addTask {
                        try await clients[0].election(stage.key("e")).withLeadership(proposal: "next") { _ in .now }
                    }
                    try await candidates(2, clients[0], stage)
                    try await stage.pass(life + .milliseconds(100))
                    return try await group.reduce(began, max)
                }
                // On a test clock no time has passed.
                let took = began.duration(to: end)
                try require(took <= life + .seconds(1), "it took \(took) with a life of \(life)")
            }
        },
        ConformanceCase("nobody is handed over to who does not wait", [.notes, .listing, .time]) { stage in
            try await Coordination.withClients(1, stage) { clients in
                let leadership = try await clients[0].election(stage.key("e")).campaign(proposal: "leader")
                let leader = leadership.leader
                try await stage.expect(.invalidArgument, "a hand-over to the leader itself") {
                    try await leader.handOver(to: leader.lease.id)
                }
                try require(leader.isLeading, "the leader kept nothing after a hand-over that failed")
                try await leadership.resign()
            }
        },
        ConformanceCase("a backend without notes has no elections") { stage in
            guard !stage.capabilities.supportsNotes else { return }
            try await Coordination.withClients(1, stage) { clients in
                try await stage.expect(.unsupported, "a campaign") {
                    _ = try await clients[0].election(stage.key("e")).campaign(proposal: "nobody", wait: .no)
                }
            }
        },
    ]

    /// Waits until so many are listed.
    private static func candidates(_ count: Int, _ client: LockClient, _ stage: ConformanceStage) async throws {
        try await Coordination.until("\(count) candidates", stage) {
            try await client.election(stage.key("e")).candidates().count == count
        }
    }

    private static func expect(_ proposal: String?, _ states: inout LeaderStates.Iterator) async throws {
        let state = try await states.next()
        switch state {
        case .leader(let candidate):
            try require(candidate.proposal == proposal, "told of \(candidate.proposal), not of \(proposal ?? "none")")
        case .some(.none): try require(proposal == nil, "told of no leader, and there is \(proposal ?? "none")")
        default: throw ConformanceFailure("told of \(String(describing: state))")
        }
    }
}
