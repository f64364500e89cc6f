import Holdfast
import HoldfastTesting
import Synchronization

/// One graph of waits on virtual time: at once, or with pauses, on a network that takes its time.
final class DeadlockWorld: Sendable {
    static let threshold: Duration = .seconds(1)

    let scheduler: SimulationScheduler
    let store: MemoryBackend
    private let seed: UInt64
    private let setting: DeadlockTrial.Setting
    /// How long a message is under way, at most.
    private let delay: Duration
    private let lines = Mutex<UInt64>(0)

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed ^ 0x6c6f_636b)
        scheduler = SimulationScheduler(seed: seed, interrupts: random.happens(500))
        store = MemoryBackend(clock: scheduler.clock)
        self.seed = seed
        delay = random.pick([.zero, .zero, .milliseconds(1), .milliseconds(3), .milliseconds(10)])
        var setting = DeadlockTrial.Setting()
        setting.clock = scheduler.clock
        setting.longestPause = random.pick([.zero, .milliseconds(100), Self.threshold, Self.threshold * 3])
        setting.longestWork = random.pick([.zero, Self.threshold, Self.threshold * 4])
        setting.isRepeatable = true
        self.setting = setting
    }

    /// Whether messages take no time.
    var isInstant: Bool { delay == .zero }

    func run() throws -> DeadlockTrial.Outcome {
        try run { self.line(FaultPlan(FaultPlan.Rates(delay: .zero...self.delay))) }
    }

    /// - Parameter makeBackend: one owner's way to the store.
    func run(_ makeBackend: @escaping @Sendable () -> any LockBackend) throws -> DeadlockTrial.Outcome {
        let outcome = scheduler.run { () -> Result<DeadlockTrial.Outcome, any Error> in
            do {
                return .success(
                    try await DeadlockTrial.run(
                        seed: self.seed, prefix: "graph/", threshold: Self.threshold,
                        slack: .zero, setting: self.setting, makeBackend: makeBackend))
            } catch {
                return .failure(error)
            }
        }
        guard case .finished(let result) = outcome else { throw Unfinished(outcome: "\(outcome)") }
        return try result.get()
    }

    func line(_ plan: FaultPlan) -> BackendView {
        let number = lines.withLock { number in
            number += 1
            return number
        }
        return BackendView(
            FaultyBackend(BackendView(store), seed: seed &* 31 &+ number, plan: plan, clock: scheduler.clock))
    }

    private struct Unfinished: Error { let outcome: String }
}
