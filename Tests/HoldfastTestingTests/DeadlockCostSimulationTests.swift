import Holdfast
import HoldfastTesting
import Testing

/// What looking for deadlocks costs where nobody waits for long: nothing. Counted in calls, on virtual time.
@Suite struct DeadlockCostSimulationTests {
    private static let keys: [LockKey] = ["a", "b", "c"]
    private static let clientsCount = 3

    @Test func `waits that end before the threshold send nothing more`() async {
        let seeds = CoordinationWorld.seeds(usually: 100)
        let notes = await CoordinationWorld.runMany(seeds) { seed in
            var notes = CoordinationWorld.Notes()
            let (watched, plain) = (Self.calls(seed, threshold: .seconds(10)), Self.calls(seed, threshold: nil))
            if watched != plain { notes.violations.append("\(watched) calls, and \(plain) where nobody looks") }
            // The same waits, with a threshold that they outlast.
            let impatient = Self.calls(seed, threshold: .milliseconds(10))
            if impatient != plain { notes.count("outlasted") }
            return notes
        }
        #expect(notes.violations.isEmpty)
        #expect(seeds.count == 1 || notes.counts["outlasted", default: 0] > seeds.count / 2, "\(notes.counts)")
    }

    /// Nested locks in one order of keys, so that all waits end: those of the others take less than a second.
    private static func calls(_ seed: UInt64, threshold: Duration?) -> [Int] {
        let scheduler = SimulationScheduler(seed: seed)
        let store = MemoryBackend(clock: scheduler.clock)
        let delays = FaultPlan(FaultPlan.Rates(delay: .microseconds(1) ... .milliseconds(5)))
        let lines = (0..<clientsCount).map { number in
            FaultyBackend(BackendView(store), seed: seed &* 31 &+ UInt64(number), plan: delays, clock: scheduler.clock)
        }
        _ = scheduler.run {
            await withTaskGroup(of: Void.self) { group in
                for (number, line) in lines.enumerated() {
                    group.addTask {
                        var configuration = LockClientConfiguration()
                        configuration.deadlockThreshold = threshold
                        configuration.randomSeed = seed &* 31 &+ UInt64(number)
                        try? await LockClient.withClient(
                            backend: BackendView(line), configuration: configuration, clock: scheduler.clock
                        ) { client in
                            let time = Timekeeper(scheduler.clock)
                            var random = SeededGenerator(seed: seed &* 37 &+ UInt64(number))
                            for _ in 0..<4 {
                                try await time.sleep(until: time.now + random.duration(in: .zero ... .milliseconds(20)))
                                try await use(keys.filter { _ in random.happens(700) }[...], client, time, random)
                            }
                        }
                    }
                }
            }
        }
        return lines.map(\.counts.calls)
    }

    private static func use(
        _ keys: ArraySlice<LockKey>, _ client: LockClient, _ time: Timekeeper, _ random: SeededGenerator
    ) async throws {
        var random = random
        let length = random.duration(in: .zero ... .milliseconds(30))
        guard let key = keys.first else { return try await time.sleep(until: time.now + length) }
        let (mode, rest): (LockMode, SeededGenerator) = (random.happens(300) ? .shared : .exclusive, random)
        try await client.withLock(key, mode: mode) { _ in
            try await time.sleep(until: time.now + length)
            try await use(keys.dropFirst(), client, time, rest)
        }
    }
}
