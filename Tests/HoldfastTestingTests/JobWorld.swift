import Holdfast
import HoldfastTesting
import Synchronization

/// Instances of one job on virtual time, each with a wall clock of its own.
final class JobWorld: Sendable {
    struct Log: Sendable {
        /// Who did what was due at that time.
        var done: [Duration: [Int]] = [:]
        var outcomes: [String: Int] = [:]
        var errors: [String] = []
        /// The locks that were lost while their instances lived.
        var lost: Set<Claim.ID> = []
    }

    static let interval: Duration = .seconds(10)
    /// Just after a time of the schedule.
    static let start: Duration = .seconds(1_700_000_001)

    let time: Timekeeper
    private let scheduler: SimulationScheduler
    private let seed: UInt64
    private let store: MemoryBackend
    private let lines: [FaultyBackend]
    private let skews: [Duration]
    private let ratesPPM: [Int]
    private let length: Duration
    private let noted = Mutex(Log())
    private let dead = Mutex<Set<Int>>([])
    private let executors: [SimulationExecutor]

    /// - Parameters:
    ///   - length: for how long they run.
    ///   - skews: how far each instance's wall clock is ahead.
    ///   - ratesPPM: how much faster each one's other clock is; not at all by default.
    ///   - plan: what goes wrong between them and the store: nothing, by default, in a network of milliseconds.
    init(
        seed: UInt64 = 1, length: Duration, skews: [Duration] = [.seconds(-1), .zero, .seconds(1)],
        ratesPPM: [Int] = [], plan: FaultPlan = plan
    ) {
        let scheduler = SimulationScheduler(seed: seed, interrupts: true)
        self.scheduler = scheduler
        self.seed = seed
        let store = MemoryBackend(clock: scheduler.clock)
        self.store = store
        lines = skews.indices.map { number in
            FaultyBackend(
                BackendView(store), seed: seed &* 31 &+ UInt64(number), plan: plan, clock: scheduler.clock)
        }
        executors = skews.map { _ in scheduler.makeExecutor() }
        self.ratesPPM = ratesPPM
        time = Timekeeper(scheduler.clock)
        self.length = length
        self.skews = skews
    }

    var log: Log { noted.withLock { $0 } }
    var faultsCount: Int { lines.reduce(0) { $0 + $1.counts.faults } }

    /// Lets an instance do nothing for a while, as on a machine that is suspended or busy.
    func pause(_ number: Int, for length: Duration) { scheduler.pause(executors[number], for: length) }

    /// Lets nothing pass between an instance and the store for a while.
    func cut(_ number: Int, for length: Duration) async {
        lines[number].setCut(true)
        try? await time.sleep(until: time.now + length)
        if !dead.withLock({ $0.contains(number) }) { lines[number].setCut(false) }
    }

    /// Runs all instances to the end.
    ///
    /// - Parameters:
    ///   - deaths: when an instance dies, with what it holds.
    ///   - body: what the job does, beside being noted.
    ///   - incidents: what else happens meanwhile.
    func run(
        _ schedule: Schedule = .every(interval), options: LockOptions = LockOptions(), deaths: [Int: Duration] = [:],
        _ body: @escaping @Sendable (Int, ScheduledJob.Firing) async throws -> Void = { _, _ in },
        incidents: @escaping @Sendable () async -> Void = {}
    ) throws {
        let outcome = scheduler.run(stepsLimit: 50_000_000) {
            await withTaskGroup(of: Void.self) { group in
                // Only cancellation ends it, and says nothing.
                group.addTask { try? await self.store.run() }
                group.addTask { await incidents() }
                for number in self.skews.indices {
                    group.addTask(executorPreference: self.executors[number]) {
                        let job = self.job(number, schedule, options, body)
                        await self.live(job, number, until: deaths[number] ?? self.length)
                    }
                }
                try? await self.time.sleep(until: self.length)
                group.cancelAll()
            }
        }
        guard case .finished = outcome else { throw Unfinished(outcome: "\(outcome)") }
    }

    struct Unfinished: Error { let outcome: String }

    /// A network of milliseconds.
    static let plan = FaultPlan(FaultPlan.Rates(delay: .zero ... .milliseconds(20)))

    private func job(
        _ number: Int, _ schedule: Schedule, _ options: LockOptions,
        _ body: @escaping @Sendable (Int, ScheduledJob.Firing) async throws -> Void
    ) -> ScheduledJob {
        var configuration = LockClientConfiguration()
        configuration.owner = Owner(host: "simulation", processID: 1, program: "instance-\(number)")
        configuration.randomSeed = seed &* 31 &+ UInt64(number)
        let clock: any Clock<Duration> =
            ratesPPM.isEmpty ? scheduler.clock : SkewedClock(scheduler.clock, ratePPM: ratesPPM[number])
        let client = LockClient(backend: BackendView(lines[number]), configuration: configuration, clock: clock)
        var job = client.scheduledJob("job", schedule, options: options) { _, outcome in
            self.noted.withLock { $0.note(outcome) }
        } _: { firing in
            self.noted.withLock { $0.done[firing.due, default: []].append(number) }
            try await body(number, firing)
        }
        let skew = skews[number]
        job.wall = { Self.start + self.time.now + skew }
        return job
    }

    private func live(_ job: ScheduledJob, _ number: Int, until end: Duration) async {
        let line = lines[number]
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await line.run() }
            group.addTask { try? await job.client.run() }
            let events = job.client.events()
            group.addTask {
                for await event in events {
                    guard case .lost = event.kind, let id = event.id else { continue }
                    self.noted.withLock { _ = $0.lost.insert(id) }
                }
            }
            group.addTask {
                do {
                    try await job.run()
                } catch {
                    self.noted.withLock { $0.errors.append("\(error)") }
                }
            }
            group.addTask { try? await self.time.sleep(until: end) }
            while self.time.now < end { await group.next() }
            // Dead: nothing that it says arrives any more.
            dead.withLock { _ = $0.insert(number) }
            line.setCut(true)
            group.cancelAll()
        }
    }
}

extension JobWorld.Log {
    mutating func note(_ outcome: ScheduledJob.Outcome) {
        let name =
            switch outcome {
            case .ran: "ran"
            case .elsewhere: "elsewhere"
            case .late: "late"
            case .failed: "failed"
            }
        outcomes[name, default: 0] += 1
    }
}
