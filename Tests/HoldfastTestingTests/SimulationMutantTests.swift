import Holdfast
import HoldfastTesting
import Testing

/// The simulation must notice a bug of a backend, by the rule that the bug breaks.
@Suite struct SimulationMutantTests {
    private static let seedsLimit: UInt64 = 2000

    /// Runs seeds until one breaks the rule.
    private func broken(
        by invariant: String, _ run: (UInt64) -> SimulationResult
    ) async -> (isNoticed: Bool, others: Set<String>) {
        var others: Set<String> = []
        for seed in 0..<Self.seedsLimit {
            await Task.yield()
            let invariants = run(seed).violations.map(\.invariant)
            if invariants.contains(invariant) { return (true, others) }
            others.formUnion(invariants)
        }
        return (false, others)
    }

    @Test func `without a bug, no rule is broken`() async {
        for seed in 0..<300 as Range<UInt64> {
            await Task.yield()
            let result = Simulation.run(seed: seed) { MutantBackend(nil, clock: $0) }
            #expect(result.violations.isEmpty, "\(result.report)")
        }
    }

    @Test func `a holder that counts on a wall clock is noticed`() async {
        let answer = await broken(by: "I1") { Simulation.run(seed: $0, clockSteps: [.seconds(-3), .seconds(-3)]) }
        #expect(answer.isNoticed, "only \(answer.others.sorted()) broken")
    }

    @Test(arguments: [
        (Mutant.removeWithoutCompare, "I5"), (.tokenRepeats, "I2"), (.tokenFallsNowAndThen, "I2"),
        (.wakeUpIsDropped, "I6"), (.lastComeFirstServed, "I7"), (.permitsByPairs, "I1"), (.permitsByPairs, "I9"),
        (.readersOvertakeWriters, "I7"), (.extendResurrects, "I5"), (.expiredIsIgnoredNotRemoved, "I9"),
        (.lifeIsHalf, "I1"),
        (.refusedClaimStays, "I6"), (.onlyTheFirstKeyCounts, "I1"), (.noHandOffWithoutRemoval, "I6"),
        (.waitingClaimFreesItsOtherKeys, "I7"),
    ])
    func `the simulation notices`(_ mutant: Mutant, by invariant: String) async {
        let answer = await broken(by: invariant) { seed in
            Simulation.run(seed: seed) { MutantBackend(mutant, clock: $0) }
        }
        #expect(answer.isNoticed, "\(mutant) breaks only \(answer.others.sorted())")
    }
}
