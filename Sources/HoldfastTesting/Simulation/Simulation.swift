public import Holdfast

/// Clients, their machines and the memory backend on virtual time, with everything that may go wrong, by seed.
///
/// A run makes a few clients with random work, bad lines, pauses, crashes and clocks that differ in rate; then the
/// faults stop, all ends, and the checkers judge what was recorded. The same seed gives the same run.
public enum Simulation {
    /// How long the work of one run may take, in virtual time: who waits longer was forgotten.
    static let patience: Duration = .seconds(240)
    /// After the work, until every claim's life is over: longer than any time to live and any late message.
    static let aftermath: Duration = .seconds(15)
    static let bounds = Checkers.Bounds(handOff: .milliseconds(200), longestLife: .seconds(10))

    /// Runs one seed on this thread.
    ///
    /// - Parameters:
    ///   - clockSteps: by which the clients' clocks jump, as wall clocks do. Leases do not survive it: for showing that
    ///     the checkers notice who counts on such a clock.
    ///   - makeBackend: the store that the clients share; the memory backend by default.
    public static func run(
        seed: UInt64, clockSteps: [Duration] = [],
        makeBackend: @escaping @Sendable (TestClock) -> any LockBackend = { MemoryBackend(clock: $0) }
    ) -> SimulationResult {
        let scenario = SimulationScenario(seed: seed)
        let scheduler = SimulationScheduler(seed: seed &+ 1, interrupts: scenario.isInterrupted)
        let run = SimulationRun(
            scenario, seed: seed, clockSteps: clockSteps, scheduler: scheduler, backend: makeBackend(scheduler.clock))
        return conclude(run, scheduler, seed: seed)
    }

    /// Performs a run to its end, and judges it.
    static func conclude(_ run: SimulationRun, _ scheduler: SimulationScheduler, seed: UInt64) -> SimulationResult {
        var result = SimulationResult(seed: seed)
        switch scheduler.run({ await run.perform() }) {
        case .finished: break
        case .stuck: result.violations.append(Violation("I6", "tasks wait for what never happens"))
        case .endless: result.violations.append(Violation("I8", "the run does not end"))
        }
        while scheduler.readyCount > 0, scheduler.step() {}
        if scheduler.straysCount > 0 {
            result.violations.append(Violation("I6", "\(scheduler.straysCount) jobs came from another thread"))
        }
        if scheduler.clock.timersCount > 0 {
            result.violations.append(Violation("I8", "\(scheduler.clock.timersCount) timers are left at the end"))
        }
        result.history = run.recorder.history
        result.violations += run.judge(result.history)
        result.counts = run.counts(result.history)
        result.counts.jobs = scheduler.stepsCount
        for event in result.history.events { scheduler.note(UInt64(truncatingIfNeeded: event.time.nanosecondsRounded)) }
        result.eventHash = scheduler.eventHash
        return result
    }

    /// Runs many seeds on `width` threads.
    public static func runMany(
        seeds: Range<UInt64>, width: Int = 2,
        _ body: @escaping @Sendable (UInt64) -> SimulationResult = { run(seed: $0) }
    ) async -> SimulationSummary {
        await withTaskGroup(of: SimulationSummary.self) { group in
            for lane in 0..<width {
                group.addTask {
                    var summary = SimulationSummary()
                    for seed in seeds where Int(seed % UInt64(width)) == lane {
                        summary.add(body(seed))
                        // A run keeps its thread, and other tests may need it.
                        await Task.yield()
                    }
                    return summary
                }
            }
            return await group.reduce(into: SimulationSummary()) { $0.add($1) }
        }
    }
}

extension SimulationSummary {
    /// The most failing runs that are kept.
    private static var failuresLimit: Int { 10 }

    mutating func add(_ result: SimulationResult) {
        counts = counts + result.counts
        guard !result.violations.isEmpty else { return }
        failuresCount += 1
        if failures.count < Self.failuresLimit { failures.append(result) }
    }

    mutating func add(_ other: SimulationSummary) {
        counts = counts + other.counts
        failuresCount += other.failuresCount
        failures = Array((failures + other.failures).sorted { $0.seed < $1.seed }.prefix(Self.failuresLimit))
    }
}
