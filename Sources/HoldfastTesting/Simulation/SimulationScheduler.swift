import Glibc
import Synchronization

/// Runs jobs on one thread, in an order that a seed decides, on virtual time.
///
/// Code that runs on its executors meets no other thread and no real clock, so that the same seed gives the same run.
/// Time stands still while any job is ready; then it moves to the next timer.
public final class SimulationScheduler: Sendable {
    /// The jobs of one executor, of which a client has one: holding them back is a pause of that client.
    struct Lane {
        /// What its tasks prefer, and where they are said to run: not the same, if they are to be interrupted.
        var executor: SimulationExecutor
        var runner: SimulationExecutor
        var ready: [UnownedJob] = []
        var pausedUntil: Duration = .zero
    }

    struct State {
        var generator: SeededGenerator
        var lanes: [Lane] = []
        var readyCount = 0
        var stepsCount = 0
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        /// The one that takes the steps.
        var thread: pthread_t?
        var straysCount = 0
    }

    public let clock: TestClock
    let state: Mutex<State>
    private let interrupts: Bool

    /// - Parameters:
    ///   - interrupts: lets others run at each await that may change executors, not only where a task must wait: as
    ///     many threads would. Without it, calls that do not wait are one step.
    public init(seed: UInt64, clock: TestClock = TestClock(), interrupts: Bool = false) {
        self.clock = clock
        self.interrupts = interrupts
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    /// Makes an executor whose jobs this scheduler runs.
    public func makeExecutor() -> SimulationExecutor {
        state.withLock { state in
            let executor = SimulationExecutor(self, lane: state.lanes.count)
            let runner = interrupts ? SimulationExecutor(self, lane: state.lanes.count) : executor
            state.lanes.append(Lane(executor: executor, runner: runner))
            return executor
        }
    }

    /// A number that two runs share if they ran the same jobs at the same times and noted the same.
    public var eventHash: UInt64 { state.withLock { $0.hash } }
    /// How many jobs were run.
    public var stepsCount: Int { state.withLock { $0.stepsCount } }
    /// How many jobs are ready, held back or not.
    public var readyCount: Int { state.withLock { $0.readyCount } }

    /// How many jobs came from another thread: work that has left the simulation, so that a seed decides nothing.
    var straysCount: Int { state.withLock { $0.straysCount } }

    /// Makes `value` a part of the hash.
    public func note(_ value: UInt64) { state.withLock { $0.note(value) } }

    /// Holds back the jobs of an executor for a while.
    public func pause(_ executor: SimulationExecutor, for duration: Duration) {
        let until = clock.now.offset + duration
        state.withLock { $0.lanes[executor.lane].pausedUntil = max($0.lanes[executor.lane].pausedUntil, until) }
    }

    func enqueue(_ job: UnownedJob, lane: Int) {
        let thread = pthread_self()
        state.withLock { state in
            if let own = state.thread, pthread_equal(own, thread) == 0 { state.straysCount += 1 }
            state.lanes[lane].ready.append(job)
            state.readyCount += 1
        }
    }

    /// Runs one job, or moves time on.
    ///
    /// - Returns: `false` where there is neither a job nor a timer: nothing will ever happen again.
    public func step() -> Bool {
        let (now, thread) = (clock.now.offset, pthread_self())
        let picked = state.withLock { state in
            state.thread = thread
            return state.pick(now: now)
        }
        if let (job, runner) = picked {
            job.runSynchronously(on: runner.asUnownedTaskExecutor())
            return true
        }
        let resume = state.withLock { state in state.lanes.filter { !$0.ready.isEmpty }.map(\.pausedUntil).min() }
        guard let next = [clock.nextTimer?.offset, resume].compactMap({ $0 }).min() else { return false }
        clock.advance(to: TestClock.Instant(offset: next))
        return true
    }
}

extension SimulationScheduler.State {
    mutating func note(_ value: UInt64) { hash = (hash ^ value) &* 0x0000_0100_0000_01B3 }

    /// Takes one of the jobs that are not held back, each with the same probability.
    mutating func pick(now: Duration) -> (UnownedJob, SimulationExecutor)? {
        guard readyCount > 0 else { return nil }
        var eligible = 0
        for lane in lanes where lane.pausedUntil <= now { eligible += lane.ready.count }
        guard eligible > 0 else { return nil }
        var index = eligible == 1 ? 0 : generator.below(eligible)
        for number in lanes.indices where lanes[number].pausedUntil <= now {
            let count = lanes[number].ready.count
            guard index >= count else {
                readyCount -= 1
                stepsCount += 1
                note(
                    UInt64(number) &+ UInt64(eligible) << 8 &+ UInt64(truncatingIfNeeded: now.nanosecondsRounded) << 16)
                return (lanes[number].ready.remove(at: index), lanes[number].runner)
            }
            index -= count
        }
        return nil
    }
}
