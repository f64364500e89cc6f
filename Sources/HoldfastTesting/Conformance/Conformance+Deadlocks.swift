import Glibc
import Holdfast

extension Conformance {
    static let deadlocks: [ConformanceCase] = [
        ConformanceCase("of each circle of waits one gives way, and nobody else", [.notes, .listing, .time]) { stage in
            let harness = stage.harness
            let seeds = deadlockSeeds ?? UInt64(max(harness.effort / 100, 4))
            let victims = try await DeadlockTrial.runMany(
                0..<seeds, atOnce: 5, threshold: .milliseconds(700),
                slack: deadlockSeeds == nil ? DeadlockTrial.usualSlack : .seconds(1), prefix: stage.prefix
            ) { harness.makeBackend }
            try require(victims > 0, "of \(seeds) graphs \(victims) had a victim: nothing was tried")
        }
    ]

    /// For a trial of many on a quiet machine: `HOLDFAST_DEADLOCK_SEEDS=1000`; then it must be in time, too.
    private static var deadlockSeeds: UInt64? {
        getenv("HOLDFAST_DEADLOCK_SEEDS").flatMap { UInt64(String(cString: $0)) }
    }
}
