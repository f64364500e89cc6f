public import Holdfast

/// A random graph of owners who hold and wait, on a real backend: exactly those give way who must (safety rule 35).
///
/// Each owner is a task tree of a client of its own. Owners take what they hold, then ask for more one after another,
/// so that it is known who waits for whom, and since when; the pure table says who must give way.
public struct DeadlockTrial: Sendable {
    /// What one trial saw.
    public struct Outcome: Sendable {
        /// Owners that gave way, each to a circle of its own.
        public var victims: Set<Int> = []
        /// The longest time from the wait that closed a circle to its end.
        public var slowest: Duration = .zero
    }

    /// How an owner's last claim ended.
    private struct End: Sendable {
        let number: Int
        /// What it gave way to.
        let deadlock: Deadlock?
        let at: Duration
    }

    /// An owner's last claim, waiting or held.
    private struct Placed: Sendable {
        let id: Claim.ID
        let at: Duration
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
    private let setting: Setting
    private let time: Timekeeper

    /// What a busy machine and a slow store may add to twice the threshold.
    public static let usualSlack: Duration = .seconds(15)

    /// Runs one seed.
    ///
    /// - Parameters:
    ///   - seed: decides who holds and wants what.
    ///   - prefix: of keys that nobody else uses.
    ///   - threshold: the clients' threshold; 0.5 s by default.
    ///   - slack: what is added to twice the threshold.
    ///   - setting: the time that the trial lives in; the real one by default.
    ///   - makeBackend: opens one more way to the same store.
    /// - Throws: ``ConformanceFailure`` with the seed.
    public static func run(
        seed: UInt64, prefix: String, threshold: Duration = .milliseconds(500),
        slack: Duration = usualSlack, setting: Setting = Setting(),
        makeBackend: @Sendable () async throws -> any LockBackend
    ) async throws -> Outcome {
        var backends: [any LockBackend] = []
        backends.append(try await makeBackend())
        let trial = DeadlockTrial(
            seed: seed, prefix: prefix, threshold: threshold, slack: slack, setting: setting,
            can: backends[0].capabilities)
        while backends.count < trial.plans.count { backends.append(try await makeBackend()) }
        do {
            return try await trial.run(backends)
        } catch {
            throw ConformanceFailure("deadlock trial with seed=\(seed): \(error)\n\(trial.plans)")
        }
    }

    private init(
        seed: UInt64, prefix: String, threshold: Duration, slack: Duration, setting: Setting, can: BackendCapabilities
    ) {
        self.seed = seed
        self.threshold = threshold
        self.slack = slack
        self.setting = setting
        time = Timekeeper(setting.clock)
        plans = Self.plans(seed, prefix, can)
    }

    private func run(_ backends: [any LockBackend]) async throws -> Outcome {
        var configuration = LockClientConfiguration()
        configuration.deadlockThreshold = threshold
        let clients = backends.enumerated().map { number, backend in
            if setting.isRepeatable { configuration.randomSeed = seed &* 31 &+ UInt64(number) }
            return LockClient(backend: backend, configuration: configuration, clock: setting.clock)
        }
        return try await withThrowingTaskGroup(of: Outcome?.self) { group in
            for client in clients {
                group.addTask {
                    try await client.run()
                    return nil
                }
            }
            group.addTask { try await self.run(clients) }
            group.addTask {
                try await self.time.sleep(until: self.time.now + Self.patience)
                throw ConformanceFailure("not over after \(Self.patience)")
            }
            defer { group.cancelAll() }
            while let outcome = try await group.next() { if let outcome { return outcome } }
            throw ConformanceFailure("nobody ran")
        }
    }

    private func run(_ clients: [LockClient]) async throws -> Outcome {
        let turns = plans.map { _ in Signal() }
        let holding = plans.map { _ in Signal() }
        let events = clients.map { $0.events() }
        return try await withThrowingTaskGroup(of: End.self) { group in
            let works = lengths(upTo: setting.longestWork, 0x776f_726b)
            for number in plans.indices {
                group.addTask {
                    let deadlock = try await self.own(number, clients[number], holding[number], turns[number]) {
                        try await self.pause(for: works[number])
                    }
                    return End(number: number, deadlock: deadlock, at: self.time.now)
                }
            }
            for signal in holding { _ = await signal.wait() }
            // One after another, so that it is known who stands before whom.
            var placed: [Placed] = []
            let pauses = lengths(upTo: setting.longestPause, 0x7061_7573)
            for (number, turn) in turns.enumerated() {
                turn.set()
                placed.append(try await place(plans[number].wants, events[number]))
                try await pause(for: pauses[number])
            }
            var ends: [End] = []
            for try await end in group { ends.append(end) }
            return try outcome(of: ends, placed)
        }
    }

    private func lengths(upTo longest: Duration, _ salt: UInt64) -> [Duration] {
        var random = SeededGenerator(seed: seed ^ salt)
        return plans.map { _ in random.duration(in: .zero...longest) }
    }

    private func pause(for length: Duration) async throws {
        if length > .zero { try await time.sleep(until: time.now + length) }
    }

    private func outcome(of ends: [End], _ placed: [Placed]) throws -> Outcome {
        var outcome = Outcome()
        var victims: [DeadlockVerdict.Victim] = []
        for end in ends {
            guard let deadlock = end.deadlock else { continue }
            let circle = try deadlock.steps.map { step in
                guard let owner = placed.firstIndex(where: { $0.id == step.claim }) else {
                    throw ConformanceFailure("\(end.number) gave way to a claim that nobody placed last: \(deadlock)")
                }
                return owner
            }
            victims.append(.init(number: end.number, circle: circle))
            outcome.victims.insert(end.number)
            outcome.slowest = max(outcome.slowest, end.at - placed[end.number].at)
        }
        try DeadlockVerdict(plans: plans).check(victims)
        let bound = threshold * 2 + slack
        try require(outcome.slowest < bound, "a circle stood for \(outcome.slowest), more than \(bound)")
        return outcome
    }

    /// Until the owner's last claim waits, or is held at once.
    private func place(_ parts: [Claim.Part], _ events: AsyncStream<LockEvent>) async throws -> Placed {
        for await event in events where event.parts.map(\.key) == parts.map(\.key).sorted() {
            guard let id = event.id, event.kind == .waited || event.kind == .acquired else {
                throw ConformanceFailure("the last claim \(event.kind)")
            }
            return Placed(id: id, at: time.now)
        }
        throw ConformanceFailure("the client's events ended")
    }

    /// - Returns: what this owner gave way to.
    private func own(
        _ number: Int, _ client: LockClient, _ holding: Signal, _ turn: Signal,
        _ work: @escaping @Sendable () async throws -> Void
    ) async throws -> Deadlock? {
        do {
            try await Self.hold(plans[number].holds[...], of: client) {
                holding.set()
                _ = await turn.wait()
                try await client.withLock(plans[number].wants) { _ in try await work() }
            }
            return nil
        } catch let error as LockError where error.code == .deadlock {
            guard let deadlock = error.cause as? Deadlock else {
                throw ConformanceFailure("a deadlock without its circle: \(error)")
            }
            return deadlock
        }
    }

    private static func hold(
        _ parts: ArraySlice<Claim.Part>, of client: LockClient, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        guard let part = parts.first else { return try await body() }
        try await client.withLock([part]) { _ in try await hold(parts.dropFirst(), of: client, body) }
    }
}
