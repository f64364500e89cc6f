import Glibc
import HoldfastTesting
import Testing

/// Elections, semaphores, barriers and latches on virtual time, with all that may go wrong.
@Suite struct CoordinationSimulationTests {
    /// Few enough for every run; more where the environment says so.
    private static let usualCount: UInt64 = 120

    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    private func check(
        _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (UInt64) -> SimulationResult
    ) async {
        var seeds = 0..<(Self.number("HOLDFAST_SIMULATION_SEEDS") ?? Self.usualCount)
        if let seed = Self.number("HOLDFAST_SEED") {
            print(body(seed).transcript)
            seeds = seed..<seed + 1
        }
        let summary = await Simulation.runMany(seeds: seeds, body)
        for failure in summary.failures { Issue.record("\(failure.report)", sourceLocation: sourceLocation) }
        #expect(summary.failuresCount == 0, "of \(seeds.count) seeds", sourceLocation: sourceLocation)
        print("simulation of \(name), seeds \(seeds): \(summary.counts)")
        guard seeds.count >= 100 else { return }
        // A series in which nothing went wrong proves nothing.
        #expect(summary.counts.grants > seeds.count && summary.counts.faults > 0 && summary.counts.incidents > 0)
    }

    @Test func `at most one leads, tokens rise, and observers see no leader who was not`() async {
        await check("elections") { CoordinationSimulation.elections(seed: $0) }
    }

    @Test func `users of a semaphore never hold more than the limit`() async {
        await check("semaphores") { CoordinationSimulation.semaphores(seed: $0) }
    }

    @Test func `a barrier goes on only when all its parties live`() async {
        await check("barriers") { CoordinationSimulation.barriers(seed: $0) }
    }

    @Test func `a latch opens when all have arrived, and then for everybody`() async {
        await check("latches") { CoordinationSimulation.latches(seed: $0) }
    }

    @Test func `an upgraded lease is alone, and nobody wrote since it was read under`() async {
        await check("upgrades") { CoordinationSimulation.upgrades(seed: $0) }
    }

    @Test func `what would break these rules is noticed`() {
        let semaphores = (0..<40 as Range<UInt64>).filter {
            CoordinationSimulation.semaphores(seed: $0, doublesLimit: true).violations.contains { $0.invariant == "S1" }
        }
        #expect(!semaphores.isEmpty)
        let barriers = (0..<40 as Range<UInt64>).filter {
            CoordinationSimulation.barriers(seed: $0, forgetsRounds: true).violations.contains { $0.invariant == "B1" }
        }
        #expect(!barriers.isEmpty)
        let latches = (0..<40 as Range<UInt64>).filter {
            CoordinationSimulation.latches(seed: $0, seesGhosts: true).violations.contains { $0.invariant == "L1" }
        }
        #expect(!latches.isEmpty)
        let upgrades = (0..<40 as Range<UInt64>).filter {
            CoordinationSimulation.upgrades(seed: $0, hidesReaders: true).violations.contains { $0.invariant == "U1" }
        }
        #expect(!upgrades.isEmpty)
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func `a seed of elections runs the same twice`(seed: UInt64) {
        let (first, second) = (
            CoordinationSimulation.elections(seed: seed), CoordinationSimulation.elections(seed: seed)
        )
        #expect(first.eventHash == second.eventHash)
        #expect(first.counts == second.counts)
    }
}
