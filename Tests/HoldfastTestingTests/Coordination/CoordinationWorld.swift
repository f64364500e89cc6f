import Glibc
import Holdfast
import HoldfastTesting
import Synchronization

/// A few clients of one store on virtual time, each behind a bad line of its own; then the faults stop.
final class CoordinationWorld: Sendable {
    /// One client with its clock and its line.
    final class Process: Sendable {
        let number: Int
        let executor: SimulationExecutor
        let line: FaultyBackend
        let client: LockClient
        let time: Timekeeper
        let end = Signal()

        init(
            _ number: Int, seed: UInt64, plan: FaultPlan, ratePPM: Int, _ store: any LockBackend,
            _ scheduler: SimulationScheduler
        ) {
            self.number = number
            executor = scheduler.makeExecutor()
            line = FaultyBackend(BackendView(store), seed: seed, plan: plan, clock: scheduler.clock)
            var configuration = LockClientConfiguration(timeToLive: .milliseconds(1000 + Int(seed % 2000)))
            configuration.owner = Owner(host: "simulation", processID: 1, program: "client-\(number)")
            configuration.randomSeed = seed
            client = LockClient(
                backend: BackendView(line), configuration: configuration,
                clock: SkewedClock(scheduler.clock, ratePPM: ratePPM))
            time = Timekeeper(scheduler.clock)
        }
    }

    enum Incident: Sendable {
        case pause(Int, Duration)
        case cut(Int, Duration)
        case crash(Int)
    }

    /// What one run has told.
    struct Notes: Sendable {
        var violations: [String] = []
        /// Of a series, to see that it proves something.
        var counts: [String: Int] = [:]

        mutating func count(_ what: String, _ number: Int = 1) { counts[what, default: 0] += number }
    }

    let isCalm: Bool
    let processes: [Process]
    let time: Timekeeper
    private let notes = Mutex(Notes())
    private let crashed = Mutex<Set<Int>>([])
    private let scheduler: SimulationScheduler
    private let store: any LockBackend
    private let incidents: [(at: Duration, what: Incident)]

    /// Longer than any late message and any life.
    private static let aftermath: Duration = .seconds(15)

    init(seed: UInt64, random: inout SeededGenerator, makeStore: (TestClock) -> any LockBackend) {
        let isCalm = random.happens(200)
        let scheduler = SimulationScheduler(seed: seed &+ 1, interrupts: random.happens(500))
        let store = makeStore(scheduler.clock)
        var processes: [Process] = []
        for number in 0..<random.below(3) + 2 {
            processes.append(
                Process(
                    number, seed: seed &* 31 &+ UInt64(number),
                    plan: isCalm ? Self.calm : Self.plan(&random), ratePPM: isCalm ? 0 : random.below(18_001) - 9_000,
                    store, scheduler))
        }
        self.isCalm = isCalm
        self.processes = processes
        self.scheduler = scheduler
        self.store = store
        time = Timekeeper(scheduler.clock)
        incidents = isCalm ? [] : Self.incidents(processes.count, &random)
    }

    static let calm = FaultPlan(FaultPlan.Rates(delay: .zero ... .milliseconds(5)))

    static func plan(_ random: inout SeededGenerator) -> FaultPlan {
        let worst = random.pick([0, 30, 100, 250])
        return FaultPlan(
            FaultPlan.Rates(
                delay: .zero ... .milliseconds(1 + random.below(100)), longDelays: random.below(worst + 1),
                longDelay: .milliseconds(100) ... .milliseconds(3000), requestsDropped: random.below(worst + 1),
                repliesDropped: random.below(worst + 1), duplicates: random.below(worst + 1),
                lateDuplicates: random.below(worst + 1)))
    }

    private static func incidents(
        _ processes: Int, _ random: inout SeededGenerator
    ) -> [(at: Duration, what: Incident)] {
        (0..<random.below(4)).map { _ -> (at: Duration, what: Incident) in
            let length: Duration = .milliseconds(random.below(4000))
            let what: Incident =
                switch random.below(5) {
                case 0, 1: .pause(random.below(processes), length)
                case 2: .cut(random.below(processes), length)
                // One is left, to see what the others leave behind.
                default: .crash(random.below(processes - 1) + 1)
                }
            return (.milliseconds(random.below(4000)), what)
        }
    }

    func note<R: Sendable>(_ body: (inout Notes) -> R) -> R { notes.withLock { body(&$0) } }

    /// Runs `work` in all clients until it has ended everywhere, and `judge` when nothing is under way any more.
    func run(
        _ work: @escaping @Sendable (Process) async -> Void,
        judge: @escaping @Sendable (LockClient) async throws -> Void
    ) -> Notes {
        let outcome = scheduler.run {
            await withTaskGroup(of: Void.self) { group in
                // Only cancellation ends it, and says nothing.
                group.addTask { try? await self.store.run() }
                for process in self.processes { group.addTask { try? await process.line.run() } }
                group.addTask { await self.cause() }
                await self.work(work)
                for process in self.processes { process.line.setPlan(.none) }
                try? await self.time.sleep(until: self.time.now + Self.aftermath)
                await self.judge(judge)
                group.cancelAll()
            }
        }
        guard case .finished = outcome else {
            note { $0.violations.append("the run does not end: \(outcome)") }
            return note { $0 }
        }
        note { $0.count("faults", self.processes.reduce(0) { $0 + $1.line.counts.faults }) }
        return note { $0 }
    }

    private func work(_ work: @escaping @Sendable (Process) async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for process in processes {
                group.addTask(executorPreference: process.executor) {
                    await withTaskGroup(of: Bool.self) { group in
                        group.addTask {
                            // What a client throws when it is cancelled is its own tests' concern.
                            try? await process.client.run()
                            return false
                        }
                        group.addTask {
                            await work(process)
                            return true
                        }
                        group.addTask { await process.end.wait() }
                        while let isEnd = await group.next(), !isEnd {}
                        group.cancelAll()
                    }
                }
            }
        }
    }

    private func judge(_ judge: @escaping @Sendable (LockClient) async throws -> Void) async {
        var configuration = LockClientConfiguration(timeToLive: .seconds(5))
        configuration.randomSeed = 1
        do {
            try await LockClient.withClient(
                backend: BackendView(store), configuration: configuration, clock: scheduler.clock
            ) { client in try await judge(client) }
        } catch {
            note { $0.violations.append("at the end: \(error)") }
        }
    }

    private func cause() async {
        await withDiscardingTaskGroup { group in
            for (at, incident) in incidents {
                group.addTask {
                    guard (try? await self.time.sleep(until: at)) != nil else { return }
                    await self.cause(incident)
                }
            }
        }
    }

    private func cause(_ incident: Incident) async {
        switch incident {
        case .pause(let number, let length): scheduler.pause(processes[number].executor, for: length)
        case .cut(let number, let length):
            processes[number].line.setCut(true)
            try? await time.sleep(until: time.now + length)
            if !crashed.withLock({ $0.contains(number) }) { processes[number].line.setCut(false) }
        case .crash(let number):
            note { $0.count("crashes") }
            crashed.withLock { _ = $0.insert(number) }
            processes[number].line.setCut(true)
            processes[number].end.set()
        }
    }
}

// MARK: - Many runs

extension CoordinationWorld {
    /// `HOLDFAST_SEED` replays one; `HOLDFAST_COORDINATION_SEEDS` says how many there are.
    static var seeds: Range<UInt64> { seeds(usually: 500) }

    static func seeds(usually count: UInt64) -> Range<UInt64> {
        if let seed = number("HOLDFAST_SEED") { return seed..<seed + 1 }
        return 0..<(number("HOLDFAST_COORDINATION_SEEDS") ?? count)
    }

    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    /// Runs all seeds on two threads.
    ///
    /// - Returns: the sums, and the first violations with their seeds.
    static func runMany(
        _ seeds: Range<UInt64> = seeds, _ run: @escaping @Sendable (UInt64) -> Notes
    ) async -> Notes {
        await withTaskGroup(of: Notes.self) { group in
            for lane in 0..<2 as Range<UInt64> {
                group.addTask {
                    var sum = Notes()
                    for seed in seeds where seed % 2 == lane {
                        sum.add(run(seed), seed: seed)
                        // A run keeps its thread, and other tests may need it.
                        await Task.yield()
                    }
                    return sum
                }
            }
            return await group.reduce(into: Notes()) { $0.add($1, seed: nil) }
        }
    }
}

extension CoordinationWorld.Notes {
    mutating func add(_ other: Self, seed: UInt64?) {
        for (what, number) in other.counts { count(what, number) }
        violations += other.violations.map { text in seed.map { "seed \($0): \(text)" } ?? text }
        violations = Array(violations.prefix(20))
    }
}
