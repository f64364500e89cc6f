import Glibc
import Holdfast

extension Conformance {
    static let deadlocks: [ConformanceCase] = [
        ConformanceCase(
            "of each circle of waits one gives way, and nobody else", [.deadlocks, .time],
            longer: .seconds(2) * Int(deadlockSeeds ?? 0)
        ) { stage in
            let harness = stage.harness
            let seeds = deadlockSeeds ?? UInt64(max(harness.effort / 100, 4))
            let isMany = deadlockSeeds != nil
            let tally = try await DeadlockTrial.runMany(
                0..<seeds, atOnce: isMany ? graphsAtOnce : fewGraphsAtOnce,
                threshold: isMany ? .seconds(1) : .milliseconds(700), prefix: stage.prefix
            ) { harness.makeBackend }
            try require(tally.victims > 0, "of \(seeds) graphs none had a victim: nothing was tried")
            guard isMany else { return }
            tell("\(stage.capabilities.name): \(tally)\n")
            try require(tally.late == 0, "in \(tally.late) graphs a circle stood for more than twice the threshold")
        }
    ]

    private static func tell(_ line: String) { _ = line.withCString { write(STDERR_FILENO, $0, line.utf8.count) } }

    /// For a trial of many on a quiet machine, with the usual threshold: `HOLDFAST_DEADLOCK_SEEDS=1000`. It says what
    /// it saw.
    private static var deadlockSeeds: UInt64? { number("HOLDFAST_DEADLOCK_SEEDS") }

    /// How many graphs share a store where the machine may be busy otherwise, and where it has nothing else to do.
    private static let fewGraphsAtOnce = 5
    private static var graphsAtOnce: Int { Int(number("HOLDFAST_DEADLOCK_AT_ONCE") ?? 16) }

    private static func number(_ variable: String) -> UInt64? {
        getenv(variable).flatMap { UInt64(String(cString: $0)) }
    }
}
