import Foundation
import Holdfast
import Testing

@testable import HoldfastTesting

/// Task trees that wait for one another, on the memory backend.
@Suite struct DeadlockTests {
    /// Set for the trial of all: `HOLDFAST_DEADLOCK_SEEDS=1000`.
    static let seeds = UInt64(ProcessInfo.processInfo.environment["HOLDFAST_DEADLOCK_SEEDS"] ?? "") ?? 60

    @Test func `of each circle one gives way, and nobody else`() async throws {
        let tally = try await DeadlockTrial.runMany(0..<Self.seeds, atOnce: 20, threshold: .milliseconds(800)) {
            let store = MemoryBackend()
            return { BackendView(store) }
        }
        #expect(tally.graphs == Self.seeds)
        #expect(tally.victims > Int(Self.seeds) / 4)
        print("memory: \(tally)")
    }

    @Test func `so it is where claims carry no notes, and waits are told by records`() async throws {
        let tally = try await DeadlockTrial.runMany(0..<Self.seeds, atOnce: 20, threshold: .milliseconds(800)) {
            let store = MemoryBackend()
            return { BackendView(PlainBackend(named: store)) }
        }
        #expect(tally.graphs == Self.seeds)
        #expect(tally.victims > Int(Self.seeds) / 4)
        print("memory, by records: \(tally)")
    }

    /// Graph 20 has a circle of 0, 1 and 2, through a reader behind a waiting writer, and one of 0, 4, 1 and 2. Where
    /// the waiting writer was not followed, 2 saw neither: 4 gave way, and 1 after four looks.
    @Test func `a circle through a waiting writer is found by who closed it, and ends the wider one, too`() async throws
    {
        let store = MemoryBackend()
        let outcome = try await DeadlockTrial.run(seed: 20, prefix: "graph/", slack: .seconds(15)) {
            BackendView(store)
        }
        #expect(outcome.victims == [2])
    }

    @Test(arguments: DeadlockMutant.allCases)
    func `a detector that errs is noticed`(_ mutant: DeadlockMutant) async throws {
        let threshold: Duration = .milliseconds(200)
        await #expect(throws: ConformanceFailure.self) {
            _ = try await DeadlockTrial.runMany(0..<12, atOnce: 12, threshold: threshold) {
                let store = MemoryBackend()
                return { DeadlockMutantView(store, mutant, threshold: threshold) }
            }
        }
    }

    // MARK: The verdict

    /// 0 and 1 want what the other has; 2 holds what nobody wants, and wants what 0 has.
    private func plans() throws -> [DeadlockTrial.Plan] {
        [
            .init(holds: [Claim.Part("a")], wants: [Claim.Part("b")]),
            .init(holds: [Claim.Part("b")], wants: [Claim.Part("a")]),
            .init(holds: [Claim.Part("c")], wants: [Claim.Part("a")]),
        ]
    }

    @Test func `who closed the circle may give way, and must`() throws {
        let verdict = DeadlockVerdict(plans: try plans())
        try verdict.check([.init(number: 1, circle: [1, 0])])
        #expect(throws: ConformanceFailure.self) { try verdict.check([]) }
    }

    @Test(
        arguments: [
            // Two of one circle, in both orders; somebody else of it.
            [(1, [1, 0]), (0, [0, 1])], [(0, [0, 1]), (1, [0, 1])], [(0, [0, 1])],
            // Somebody who is in none; circles that are not there, or none.
            [(1, [1, 0]), (2, [2, 0])], [(2, [2, 1])], [(1, [1])], [(1, [1, 0, 1, 0])],
            // The right one, twice.
            [(1, [1, 0]), (1, [1, 0])],
        ] as [[(Int, [Int])]])
    func `nobody else may`(_ victims: [(Int, [Int])]) throws {
        let verdict = DeadlockVerdict(plans: try plans())
        #expect(throws: ConformanceFailure.self) {
            try verdict.check(victims.map { .init(number: $0.0, circle: $0.1) })
        }
    }
}
