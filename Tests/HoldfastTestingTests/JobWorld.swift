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
    }

    static let interval: Duration = .seconds(10)
    /// Just after a time of the schedule.
    static let start: Duration = .seconds(1_700_000_001)

    let time: Timekeeper
    private let scheduler: SimulationScheduler
    private let skews: [Duration]
    private let length: Duration
    private let noted = Mutex(Log())
    private let executors: [SimulationExecutor]

    /// - Parameters:
    ///   - length: for how long they run.
    ///   - skews: how far each instance's wall clock is ahead.
    init(seed: UInt64 = 1, length: Duration, skews: [Duration] = [.seconds(-1), .zero, .seconds(1)]) {
        let scheduler = SimulationScheduler(seed: seed, interrupts: true)
        self.scheduler = scheduler
        executors = skews.map { _ in scheduler.makeExecutor() }
        time = Timekeeper(scheduler.clock)
        self.length = length
        self.skews = skews
    }

    var log: Log { noted.withLock { $0 } }

    /// Lets an instance do nothing for a while, as on a machine that is suspended or busy.
    func pause(_ number: Int, for length: Duration) { scheduler.pause(executors[number], for: length) }

    /// Runs all instances to the end.
    ///
    /// - Parameters:
    ///   - deaths: when an instance dies, with what it holds.
    ///   - body: what the job does, beside being noted.
    func run(
        _ schedule: Schedule = .every(interval), options: LockOptions = LockOptions(), deaths: [Int: Duration] = [:],
        _ body: @escaping @Sendable (Int, ScheduledJob.Firing) async throws -> Void = { _, _ in }
    ) throws {
        let store = MemoryBackend(clock: scheduler.clock)
        let outcome = scheduler.run(stepsLimit: 50_000_000) {
            await withTaskGroup(of: Void.self) { group in
                // Only cancellation ends it, and says nothing.
                group.addTask { try? await store.run() }
                for number in self.skews.indices {
                    group.addTask(executorPreference: self.executors[number]) {
                        let line = FaultyBackend(
                            BackendView(store), seed: UInt64(number), plan: Self.plan, clock: self.scheduler.clock)
                        let job = self.job(number, line, schedule, options, body)
                        await self.live(job, line, until: deaths[number] ?? self.length)
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
    private static let plan = FaultPlan(FaultPlan.Rates(delay: .zero ... .milliseconds(20)))

    private func job(
        _ number: Int, _ line: FaultyBackend, _ schedule: Schedule, _ options: LockOptions,
        _ body: @escaping @Sendable (Int, ScheduledJob.Firing) async throws -> Void
    ) -> ScheduledJob {
        var configuration = LockClientConfiguration()
        configuration.owner = Owner(host: "simulation", processID: 1, program: "instance-\(number)")
        configuration.randomSeed = UInt64(number)
        let client = LockClient(
            backend: BackendView(line), configuration: configuration, clock: scheduler.clock)
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

    private func live(_ job: ScheduledJob, _ line: FaultyBackend, until end: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await line.run() }
            group.addTask { try? await job.client.run() }
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
