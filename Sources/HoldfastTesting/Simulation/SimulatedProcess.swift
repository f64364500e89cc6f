import Holdfast

/// What a simulated process does beside its operations, until it returns or is cancelled.
typealias SimulationStory = @Sendable (SimulatedProcess) async -> Void

/// One client with its own clock, its own bad line to the backend, and its own executor, which can be paused.
final class SimulatedProcess: Sendable {
    let name: String
    let executor: SimulationExecutor
    let clock: SkewedClock
    let line: FaultyBackend
    let client: LockClient
    let recorder: HistoryRecorder
    let time: Timekeeper
    let isCalm: Bool
    private let workers: [[SimulationScenario.Operation]]
    private let story: SimulationStory?
    private let end = Signal()

    init(
        _ process: SimulationScenario.Process, seed: UInt64, isCalm: Bool, backend: any LockBackend,
        scheduler: SimulationScheduler, recorder: HistoryRecorder, story: SimulationStory?
    ) {
        name = process.name
        executor = scheduler.makeExecutor()
        clock = SkewedClock(scheduler.clock, ratePPM: process.ratePPM)
        line = FaultyBackend(backend, seed: seed, plan: process.plan, clock: scheduler.clock)
        var configuration = LockClientConfiguration(
            timeToLive: process.timeToLive, maxHold: process.maxHold, label: process.name)
        configuration.owner = Owner(host: "simulation", processID: 1, program: process.name)
        configuration.randomSeed = seed
        client = LockClient(backend: BackendView(line), configuration: configuration, clock: clock)
        self.recorder = recorder
        time = Timekeeper(scheduler.clock)
        workers = process.workers
        self.isCalm = isCalm
        self.story = story
    }

    /// Ends the process as a kill does: its line is dead before any of its tasks hears of it.
    func crash() {
        line.setCut(true)
        recorder.record(.crashed(client: name))
        end.set()
    }

    /// Ends the client; its workers have ended.
    func stop() { end.set() }

    /// Runs the client and its workers until the process ends; calls `done` when the workers have ended.
    func live(done: @escaping @Sendable () -> Void) async {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                // What a client throws when it is cancelled is its own tests' concern.
                try? await self.client.run()
                return false
            }
            group.addTask {
                await self.work()
                done()
                return false
            }
            group.addTask { await self.end.wait() }
            while let isEnd = await group.next(), !isEnd {}
            group.cancelAll()
        }
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            if let story { group.addTask { await story(self) } }
            for operations in workers {
                group.addTask {
                    for operation in operations {
                        guard !Task.isCancelled else { return }
                        await self.perform(operation)
                    }
                }
            }
        }
    }
}
