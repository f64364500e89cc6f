public import Holdfast

/// A random graph of owners who hold and wait, on a real backend: exactly those give way who must (safety rule 35).
///
/// Each owner is a task tree of a client of its own. Owners take what they hold, then ask for more one after another,
/// so that it is known who waits for whom, and since when; the pure table says who must give way.
public struct DeadlockTrial: Sendable {
    /// What one trial saw.
    public struct Outcome: Sendable {
        /// Owners that gave way.
        public var victims: Set<Int> = []
        /// From the last owner's wait to the last end.
        public var duration: Duration = .zero
    }

    /// What one owner does.
    struct Plan: Sendable {
        var holds: [Claim.Part]
        var wants: [Claim.Part]
    }

    private static let patience: Duration = .seconds(60)

    let plans: [Plan]
    private let seed: UInt64
    private let threshold: Duration
    private let slack: Duration

    /// What a busy machine and a slow store may add to twice the threshold.
    public static let usualSlack: Duration = .seconds(15)

    /// Runs one seed.
    ///
    /// - Parameters:
    ///   - seed: decides who holds and wants what.
    ///   - prefix: of keys that nobody else uses.
    ///   - threshold: the clients' threshold; 0.5 s by default.
    ///   - slack: what is added to twice the threshold for each round of victims.
    ///   - makeBackend: opens one more way to the same store.
    /// - Throws: ``ConformanceFailure`` with the seed.
    public static func run(
        seed: UInt64, prefix: String, threshold: Duration = .milliseconds(500),
        slack: Duration = usualSlack, makeBackend: @Sendable () async throws -> any LockBackend
    ) async throws -> Outcome {
        var backends: [any LockBackend] = []
        backends.append(try await makeBackend())
        let trial = DeadlockTrial(
            seed: seed, prefix: prefix, threshold: threshold, slack: slack, can: backends[0].capabilities)
        while backends.count < trial.plans.count { backends.append(try await makeBackend()) }
        do {
            return try await trial.run(backends)
        } catch {
            throw ConformanceFailure("deadlock trial with seed=\(seed): \(error)\n\(trial.plans)")
        }
    }

    private init(seed: UInt64, prefix: String, threshold: Duration, slack: Duration, can: BackendCapabilities) {
        self.seed = seed
        self.threshold = threshold
        self.slack = slack
        plans = Self.plans(seed, prefix, can)
    }

    private func run(_ backends: [any LockBackend]) async throws -> Outcome {
        var configuration = LockClientConfiguration()
        configuration.deadlockThreshold = threshold
        let clients = backends.map { LockClient(backend: $0, configuration: configuration) }
        return try await withThrowingTaskGroup(of: Outcome?.self) { group in
            for client in clients {
                group.addTask {
                    try await client.run()
                    return nil
                }
            }
            group.addTask { try await self.run(clients) }
            group.addTask {
                try await ContinuousClock().sleep(for: Self.patience)
                throw ConformanceFailure("not over after \(Self.patience)")
            }
            defer { group.cancelAll() }
            while let outcome = try await group.next() { if let outcome { return outcome } }
            throw ConformanceFailure("nobody ran")
        }
    }

    private func run(_ clients: [LockClient]) async throws -> Outcome {
        var oracle = try DeadlockOracle(plans)
        let expected = try oracle.victims()
        let turns = plans.map { _ in Signal() }
        let holding = plans.map { _ in Signal() }
        let events = clients.map { $0.events() }
        return try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
            for (number, plan) in plans.enumerated() {
                group.addTask {
                    (number, try await Self.own(plan, of: clients[number], holding[number], turns[number]))
                }
            }
            for signal in holding { _ = await signal.wait() }
            // One after another, so that it is known who stands before whom.
            for (number, turn) in turns.enumerated() {
                turn.set()
                try await Self.untilPlaced(plans[number].wants, events[number])
            }
            let began = ContinuousClock.now
            var outcome = Outcome()
            for try await (number, gaveWay) in group where gaveWay { outcome.victims.insert(number) }
            outcome.duration = began.duration(to: .now)
            // Where circles share a wait another may be the right one: who looks first sees the younger one's not yet.
            let isAsPlanned =
                slack < Self.usualSlack
                ? outcome.victims == expected.victims : outcome.victims.isEmpty == expected.victims.isEmpty
            try require(
                isAsPlanned, "\(outcome.victims.sorted()) gave way, and \(expected.victims.sorted()) should")
            let bound = threshold * 2 * max(expected.rounds, 1) + slack
            try require(outcome.duration < bound, "it took \(outcome.duration), more than \(bound)")
            return outcome
        }
    }

    /// Until the owner's last claim waits, or is held at once.
    private static func untilPlaced(_ parts: [Claim.Part], _ events: AsyncStream<LockEvent>) async throws {
        for await event in events where event.parts.map(\.key) == parts.map(\.key).sorted() {
            switch event.kind {
            case .waited, .acquired: return
            default: throw ConformanceFailure("the last claim \(event.kind)")
            }
        }
    }

    /// - Returns: whether this owner gave way.
    private static func own(
        _ plan: Plan, of client: LockClient, _ holding: Signal, _ turn: Signal
    ) async throws -> Bool {
        do {
            try await hold(plan.holds[...], of: client) {
                holding.set()
                _ = await turn.wait()
                try await client.withLock(plan.wants) { _ in }
            }
            return false
        } catch let error as LockError where error.code == .deadlock {
            guard let deadlock = error.cause as? Deadlock, deadlock.steps.count >= 2 else {
                throw ConformanceFailure("a deadlock without its circle: \(error)")
            }
            return true
        }
    }

    private static func hold(
        _ parts: ArraySlice<Claim.Part>, of client: LockClient, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard let part = parts.first else { return try await body() }
        try await client.withLock([part]) { _ in try await hold(parts.dropFirst(), of: client, body) }
    }
}

extension DeadlockTrial {
    /// Runs many seeds, some at once.
    ///
    /// - Parameters:
    ///   - seeds: each a graph of its own, on keys of its own.
    ///   - atOnce: how many share the machine.
    ///   - makeStore: opens a store for one trial: what it returns opens ways to it.
    /// - Returns: how many owners gave way in all: where nobody did, nothing was tried.
    public static func runMany(
        _ seeds: Range<UInt64>, atOnce: Int, threshold: Duration = .milliseconds(500),
        slack: Duration = usualSlack, prefix: String = "deadlock/",
        makeStore: @escaping @Sendable () async throws -> @Sendable () async throws -> any LockBackend
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            var victims = 0
            for (index, seed) in seeds.enumerated() {
                if index >= atOnce { victims += try await group.next() ?? 0 }
                group.addTask {
                    let makeBackend = try await makeStore()
                    return try await run(
                        seed: seed, prefix: "\(prefix)\(seed)/", threshold: threshold, slack: slack,
                        makeBackend: makeBackend
                    ).victims.count
                }
            }
            for try await count in group { victims += count }
            return victims
        }
    }
}
