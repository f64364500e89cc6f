import Holdfast

/// What is built on claims, on virtual time, with all that may go wrong, by seed: lost, late and doubled messages,
/// pauses, cuts, crashes, clocks that differ in rate.
public enum CoordinationSimulation {
    /// The processes and incidents of one run, for a story of its own.
    struct Setting {
        let seed: UInt64
        let scenario: SimulationScenario
        let scheduler: SimulationScheduler
        /// How many processes take part; others only look.
        let membersCount: Int
    }

    /// - Parameters:
    ///   - members: how many processes take part.
    ///   - isBroken: whether operators remove claims by force.
    ///   - observers: how many look on: they are cut off, and never paused, so that what they show can be judged.
    static func setting(
        seed: UInt64, key: LockKey, members: ClosedRange<Int>, observers: Int = 0, isBroken: Bool = true
    ) -> Setting {
        var random = SeededGenerator(seed: seed &* 0x9E37_79B9)
        let isCalm = random.happens(150)
        let count = members.lowerBound + random.below(members.count)
        let processes = (0..<count + observers).map { number in
            SimulationScenario.Process(
                name: "member-\(number)", ratePPM: isCalm ? 0 : random.below(18_001) - 9_000,
                timeToLive: .milliseconds(1000 + random.below(2000)),
                plan: isCalm ? SimulationScenario.calmPlan : SimulationScenario.plan(&random), workers: [])
        }
        var incidents: [(at: Duration, what: SimulationScenario.Incident)] = []
        if !isCalm {
            incidents = SimulationScenario.incidents([(key, [.exclusive])], processes: count, &random)
            // A claim that is removed by force is believed in for a while: sums mean nothing then.
            if !isBroken { incidents.removeAll { if case .force = $0.what { true } else { false } } }
        }
        for observer in count..<count + observers where !isCalm && random.happens(500) {
            incidents.append(
                (.milliseconds(random.below(4000)), .cut(observer, .milliseconds(random.below(4000)))))
        }
        let isInterrupted = random.happens(300)
        return Setting(
            seed: seed,
            scenario: SimulationScenario(
                isCalm: isCalm, isInterrupted: isInterrupted, processes: processes, incidents: incidents),
            scheduler: SimulationScheduler(seed: seed &+ 1, interrupts: isInterrupted), membersCount: count)
    }

    static func run(
        _ setting: Setting, backend: any LockBackend, _ story: @escaping SimulationStory
    ) -> SimulationResult {
        let run = SimulationRun(
            setting.scenario, seed: setting.seed, clockSteps: [], scheduler: setting.scheduler, backend: backend,
            story: story)
        return Simulation.conclude(run, setting.scheduler, seed: setting.seed)
    }
}
