import Glibc
import Holdfast
import HoldfastTesting
import Testing

/// Clients, machines and the memory backend on virtual time, with all that may go wrong.
@Suite struct SimulationTests {
    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    private func check(_ seeds: Range<UInt64>, sourceLocation: SourceLocation = #_sourceLocation) async {
        let summary = await Simulation.runMany(seeds: seeds)
        for failure in summary.failures { Issue.record("\(failure.report)", sourceLocation: sourceLocation) }
        #expect(summary.failuresCount == 0, "of \(seeds.count) seeds", sourceLocation: sourceLocation)
        guard seeds.count >= 100 else { return }
        // A series in which nothing went wrong proves nothing.
        let counts = summary.counts
        #expect(counts.grants > seeds.count && counts.losses > 0 && counts.faults > 0 && counts.incidents > 0)
        print("simulation of seeds \(seeds): \(counts)")
    }

    @Test func `the seeds of every run keep all rules`() async {
        if let seed = Self.number("HOLDFAST_SEED") {
            print(Simulation.run(seed: seed).transcript)
            return await check(seed..<seed + 1)
        }
        await check(0..<(Self.number("HOLDFAST_SIMULATION_SEEDS") ?? 10_000))
    }

    @Test func `fresh seeds keep all rules`() async {
        guard Self.number("HOLDFAST_SEED") == nil else { return }
        let first = UInt64.random(in: 1 << 32..<1 << 48)
        let count = (Self.number("HOLDFAST_SIMULATION_SEEDS") ?? 10_000) / 20
        print("fresh seeds from \(first)")
        await check(first..<first + count)
    }

    @Test(arguments: 0..<40 as Range<UInt64>) func `a seed runs the same twice`(seed: UInt64) {
        let first = Simulation.run(seed: seed)
        let second = Simulation.run(seed: seed)
        #expect(first.eventHash == second.eventHash)
        #expect(first.counts == second.counts)
        #expect(first.history.events.count == second.history.events.count)
    }
}
