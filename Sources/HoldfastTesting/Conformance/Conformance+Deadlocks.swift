import Glibc
import Holdfast

extension Conformance {
    static let deadlocks: [ConformanceCase] = [
        ConformanceCase(
            "of each circle of waits one gives way, and nobody else", [.notes, .listing, .time],
            longer: .seconds(1) * Int(deadlockSeeds ?? 0)
        ) { stage in
            let harness = stage.harness
            let seeds = deadlockSeeds ?? UInt64(max(harness.effort / 100, 4))
            let tally = try await DeadlockTrial.runMany(
                0..<seeds, atOnce: deadlockSeeds == nil ? fewGraphsAtOnce : graphsAtOnce, threshold: .milliseconds(700),
                prefix: stage.prefix
            ) { harness.makeBackend }
            try require(tally.victims > 0, "of \(seeds) graphs none had a victim: nothing was tried")
            if deadlockSeeds != nil { tell("\(stage.capabilities.name): \(tally)\n") }
        }
    ]

    private static func tell(_ line: String) { _ = line.withCString { write(STDERR_FILENO, $0, line.utf8.count) } }

    /// For a trial of many on a quiet machine: `HOLDFAST_DEADLOCK_SEEDS=1000`. It says what it saw.
    private static var deadlockSeeds: UInt64? {
        getenv("HOLDFAST_DEADLOCK_SEEDS").flatMap { UInt64(String(cString: $0)) }
    }

    /// How many graphs share a store where the machine may be busy otherwise, and where it has nothing else to do.
    private static let fewGraphsAtOnce = 5
    private static let graphsAtOnce = 16
}
