import Holdfast
import HoldfastTesting
import Testing

/// A check that never fails checks nothing: each bug must be noticed, and the right behaviour must not be blamed.
@Suite struct MutantTests {
    /// The cases of the contract that a mutant breaks.
    private func broken(_ mutant: Mutant?) async -> [String] {
        var broken: [String] = []
        for rule in Conformance.cases {
            let clock = TestClock()
            var harness = ConformanceHarness.shared(MutantBackend(mutant, clock: clock), clock: clock)
            harness.effort = 100
            // What a mutant never does need not be waited for long.
            if mutant != nil { (harness.handOffLimit, harness.timeout) = (.milliseconds(300), .seconds(2)) }
            do {
                try await rule.run(harness)
            } catch {
                broken.append("\(error)")
                // One is enough, and waiting for what never comes takes its time.
                if mutant != nil { return broken }
            }
        }
        return broken
    }

    @Test func `without a bug, the second writing of the rule keeps the contract`() async {
        let broken = await broken(nil)
        #expect(broken.isEmpty)
    }

    @Test(arguments: Mutant.allCases) func `the contract's cases notice`(_ mutant: Mutant) async {
        let broken = await broken(mutant)
        #expect(!broken.isEmpty, "\(mutant) passes all cases")
    }

    @Test func `without a bug, the second writing agrees with the claim table`() async throws {
        for seed in 0..<20 as Range<UInt64> {
            let clock = TestClock()
            try await ModelTest.run(.shared(MutantBackend(nil, clock: clock), clock: clock), seed: seed)
        }
    }

    @Test(arguments: [
        Mutant.tokenRepeats, .tokenFallsNowAndThen, .lastComeFirstServed, .permitsByPairs, .readersOvertakeWriters,
        .extendResurrects, .refusedClaimStays, .placeIsNotIdempotent, .onlyTheFirstKeyCounts, .removeWithoutCompare,
        .waitingClaimFreesItsOtherKeys, .limitsMayDiffer, .removalAnswersWrongly, .removalIsForgotten,
        .listingIsUnordered, .intentionsMeetReaders, .ancestorsAreLeftOut, .pathsOvertake, .secondUpgradeable,
        .pathsMeetPlainClaims, .readersPassUpgradeable,
    ])
    func `the model test notices`(_ mutant: Mutant) async {
        await #expect(throws: (any Error).self) {
            for seed in 0..<80 as Range<UInt64> {
                let clock = TestClock()
                var harness = ConformanceHarness.shared(MutantBackend(mutant, clock: clock), clock: clock)
                harness.handOffLimit = .milliseconds(300)
                try await ModelTest.run(harness, seed: seed)
            }
        }
    }
}
