import Synchronization

/// Hands the jobs of one simulated process to its scheduler, which must outlive them.
public final class SimulationExecutor: TaskExecutor {
    private unowned let scheduler: SimulationScheduler
    let lane: Int

    init(_ scheduler: SimulationScheduler, lane: Int) {
        self.scheduler = scheduler
        self.lane = lane
    }

    public func enqueue(_ job: consuming ExecutorJob) { scheduler.enqueue(UnownedJob(job), lane: lane) }
}

extension SimulationScheduler {
    /// How a run ended.
    public enum Outcome<R: Sendable>: Sendable {
        case finished(R)
        /// Neither a job nor a timer was left, and the body had not returned.
        case stuck
        /// The bound of steps was reached.
        case endless
    }

    /// Runs `body` and all its child tasks to their end on this thread.
    ///
    /// - Parameter stepsLimit: jobs and moves of time after which the run is given up.
    public func run<R: Sendable>(
        stepsLimit: Int = 2_000_000, _ body: @escaping @Sendable () async -> R
    ) -> Outcome<R> {
        let box = ResultBox<R>()
        // The one task that no other owns: the thread that runs its jobs is this one, and waits for its end below.
        Task(executorPreference: makeExecutor()) { box.set(await body()) }
        for _ in 0..<stepsLimit {
            if let result = box.value { return .finished(result) }
            guard step() else { return box.value.map(Outcome.finished) ?? .stuck }
        }
        return .endless
    }

    private final class ResultBox<R: Sendable>: Sendable {
        private let stored = Mutex<R?>(nil)
        func set(_ value: R) { stored.withLock { $0 = value } }
        var value: R? { stored.withLock { $0 } }
    }
}
