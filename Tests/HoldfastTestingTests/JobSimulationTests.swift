import Holdfast
import HoldfastTesting
import Testing

/// A job on instances whose clocks differ, on a bad network, with pauses, cuts and deaths: by seed, on virtual time.
@Suite struct JobSimulationTests {
    private typealias Notes = CoordinationWorld.Notes

    /// One time that an instance did what was due.
    private struct Doing: Sendable {
        let number: Int
        let claim: Claim.ID
        let at: Duration
    }

    private enum Incident { case pause, cut }

    /// What a seed decides.
    private struct Scenario: Sendable {
        let isCalm: Bool
        let options: LockOptions
        let skews: [Duration]
        let ratesPPM: [Int]
        let plan: FaultPlan
        var incidents: [(at: Duration, what: Incident, number: Int, length: Duration)] = []
        var deaths: [Int: Duration] = [:]
        /// How long what is due takes, by its number.
        let lengths: [Duration]

        /// - Parameter spread: how far clocks differ, in parts of what is allowed.
        init(seed: UInt64, spread: Double) {
            var random = SeededGenerator(seed: seed)
            isCalm = random.happens(200)
            let minHold: Duration = .milliseconds(1000 + random.below(4001))
            var options = LockOptions()
            options.minHold = minHold
            options.timeToLive = random.pick([nil, .milliseconds(1000 + random.below(3000))])
            self.options = options
            // Half of what it is kept for, and less by what clocks of another rate make of that.
            let widest = minHold / 2 * 0.98 * spread
            let instances = 2 + random.below(3)
            skews = (0..<instances).map { _ in random.duration(in: .zero...widest) - widest / 2 }
            ratesPPM = (0..<instances).map { [isCalm] _ in isCalm ? 0 : random.below(18_001) - 9_000 }
            plan = isCalm ? CoordinationWorld.calm : CoordinationWorld.plan(&random)
            lengths = (0..<JobSimulationTests.firings).map { _ in .milliseconds(random.below(4000)) }
            guard !isCalm else { return }
            incidents = (0..<random.below(6)).map { _ in
                (
                    .milliseconds(random.below(100_000)), random.pick([Incident.pause, .cut]),
                    random.below(instances), .milliseconds(random.below(9000))
                )
            }
            if random.happens(300) { deaths[instances - 1] = .milliseconds(random.below(120_000)) }
        }
    }

    private static let firings = 12
    private static let length: Duration = .seconds(124)

    @Test func `what is due is done once, unless a lock was lost`() async {
        let seeds = CoordinationWorld.seeds(usually: 100)
        let notes = await CoordinationWorld.runMany(seeds) { Self.run(seed: $0) }
        #expect(notes.violations.isEmpty)
        guard seeds.count > 1 else { return }
        // A series in which nothing went wrong proves nothing.
        for what in ["ran", "elsewhere", "late", "failed", "faults", "lost", "dead"] {
            #expect(notes.counts[what, default: 0] > 0, "\(what)")
        }
        print("jobs on \(seeds.count) seeds: \(notes.counts)")
    }

    @Test func `clocks that differ by more than they may are noticed`() {
        #expect((0..<100 as Range<UInt64>).contains { !Self.run(seed: $0, spread: 2).violations.isEmpty })
    }

    private static func run(seed: UInt64, spread: Double = 1) -> Notes {
        let scenario = Scenario(seed: seed, spread: spread)
        let world = JobWorld(
            seed: seed, length: length, skews: scenario.skews, ratesPPM: scenario.ratesPPM, plan: scenario.plan)
        let log = Log<Duration, [Doing]>()
        var notes = Notes()
        do {
            try world.run(options: scenario.options, deaths: scenario.deaths) { number, firing in
                let doing = Doing(number: number, claim: firing.lease.id, at: world.time.now)
                log.update(firing.due) { $0 = ($0 ?? []) + [doing] }
                let length = scenario.lengths[Int(firing.due.components.seconds / 10) % firings]
                try await world.time.sleep(until: world.time.now + length)
            } incidents: {
                await cause(scenario, world)
            }
        } catch {
            notes.violations.append("\(error)")
        }
        let (told, all) = (world.log, world.log.done.keys.compactMap { due in log.value(for: due).map { (due, $0) } })
        for (outcome, number) in told.outcomes { notes.count(outcome, number) }
        notes.count("faults", world.faultsCount)
        notes.count("lost", told.lost.count)
        notes.count("dead", scenario.deaths.count)
        notes.violations += told.errors
        for (due, doings) in all {
            guard let complaint = complaint(of: doings, scenario, told.lost) else { continue }
            notes.violations.append("what is due at \(due) \(complaint)")
        }
        // A clock that is behind may begin before the firing that was just before the start.
        let done = all.count { $0.0 > JobWorld.start }
        if scenario.isCalm, done != firings { notes.violations.append("\(done) of \(firings) are done") }
        return notes
    }

    private static func cause(_ scenario: Scenario, _ world: JobWorld) async {
        await withDiscardingTaskGroup { group in
            for (at, what, number, length) in scenario.incidents {
                group.addTask {
                    guard (try? await world.time.sleep(until: at)) != nil else { return }
                    switch what {
                    case .pause: world.pause(number, for: length)
                    case .cut: await world.cut(number, for: length)
                    }
                }
            }
        }
    }

    /// Nobody does again what another one does or did, while that one's lock is not lost.
    private static func complaint(of doings: [Doing], _ scenario: Scenario, _ lost: Set<Claim.ID>) -> String? {
        if Set(doings.map(\.number)).count < doings.count { return "is done again by one instance: \(doings)" }
        for (doing, next) in zip(doings, doings.dropFirst()) where !lost.contains(doing.claim) {
            if let death = scenario.deaths[doing.number], death <= next.at { continue }
            return "is done twice: \(doings)"
        }
        return nil
    }
}
