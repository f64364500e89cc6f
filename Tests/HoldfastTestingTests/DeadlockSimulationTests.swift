import Holdfast
import HoldfastTesting
import Testing

/// Random graphs of waits on virtual time, where no load excuses anybody: who must gives way, and in time.
@Suite struct DeadlockSimulationTests {
    private typealias Notes = CoordinationWorld.Notes

    @Test func `of each circle one gives way within two thresholds, and nobody else`() async {
        let seeds = CoordinationWorld.seeds(usually: 300)
        let slowest = Log<Bool, Duration>()
        let notes = await CoordinationWorld.runMany(seeds) { seed in
            var notes = Notes()
            let world = DeadlockWorld(seed: seed)
            do {
                let outcome = try world.run()
                notes.count("graphs with circles", outcome.victims.isEmpty ? 0 : 1)
                notes.count("victims", outcome.victims.count)
                slowest.update(world.isInstant) { $0 = max($0 ?? .zero, outcome.slowest) }
            } catch {
                notes.violations.append("\(error)")
            }
            return notes
        }
        #expect(notes.violations.isEmpty)
        guard seeds.count > 1 else { return }
        // A series in which nobody had to give way proves nothing.
        #expect(notes.counts["victims", default: 0] > seeds.count / 4)
        print(
            "deadlocks on \(seeds.count) seeds: \(notes.counts), the last after \(slowest.value(for: true) ?? .zero), "
                + "on a network after \(slowest.value(for: false) ?? .zero)")
    }

    @Test(arguments: DeadlockMutant.allCases)
    func `a detector that errs is noticed`(_ mutant: DeadlockMutant) {
        let isNoticed = (0..<60 as Range<UInt64>).contains { seed in
            let world = DeadlockWorld(seed: seed)
            let clock = world.scheduler.clock
            let outcome = try? world.run {
                DeadlockMutantView(world.store, mutant, threshold: DeadlockWorld.threshold, clock: clock)
            }
            return outcome == nil
        }
        #expect(isNoticed)
    }

    @Test func `one that is late is noticed`() {
        let isNoticed = (0..<60 as Range<UInt64>).contains { seed in
            let world = DeadlockWorld(seed: seed)
            var plan = FaultPlan.none
            plan.exceptions[.annotate] = FaultPlan.Rates(delay: .milliseconds(400) ... .milliseconds(400))
            return (try? world.run { [plan] in world.line(plan) }) == nil
        }
        #expect(isNoticed)
    }

    @Test(arguments: 0..<20 as Range<UInt64>) func `a seed runs the same twice`(seed: UInt64) throws {
        let (first, second) = (DeadlockWorld(seed: seed), DeadlockWorld(seed: seed))
        let outcomes = (try first.run(), try second.run())
        #expect(outcomes.0.victims == outcomes.1.victims && outcomes.0.slowest == outcomes.1.slowest)
        #expect(first.scheduler.eventHash == second.scheduler.eventHash)
    }
}
