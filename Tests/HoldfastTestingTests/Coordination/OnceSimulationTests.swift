import Holdfast
import HoldfastTesting
import Testing

/// `once` under faults: bodies never overlap under live locks, and none begins in a call that came after a success.
@Suite struct OnceSimulationTests {
    private struct Call: Sendable {
        let key: LockKey
        let before: Duration
        let wait: Wait
        let steps: [Duration]
        let fails: Bool
        let cancelAfter: Duration?
    }

    /// What is known of one key.
    private struct History: Sendable {
        var running: [Int: Lease] = [:]
        var bodies = 0
        /// Bodies that ended well, under a live lock.
        var successes = 0
        var result: String?
    }

    private struct Failed: Error {}

    @Test func `bodies run one at a time, and not again after a recorded success`() async {
        let notes = await CoordinationWorld.runMany { Self.run(seed: $0) { MemoryBackend(clock: $0) } }
        #expect(notes.violations.isEmpty)
        guard CoordinationWorld.seeds.count > 1 else { return }
        // A series in which nothing went wrong proves nothing.
        for what in [
            "ran", "repeated", "failed", "cancelled", "leaseLost", "unavailable", "faults", "crashes", "bodies again",
        ] {
            #expect(notes.counts[what, default: 0] > 0, "\(what)")
        }
        print("once on \(CoordinationWorld.seeds.count) seeds: \(notes.counts)")
    }

    @Test(arguments: [ForgetfulStore.Fault.forgetsWrites, .forgetsReads, .losesVersions])
    func `a store that breaks its word is noticed`(_ fault: ForgetfulStore.Fault) {
        let isNoticed = (0..<400 as Range<UInt64>).contains { seed in
            !Self.run(seed: seed) { ForgetfulStore(MemoryBackend(clock: $0), fault) }.violations.isEmpty
        }
        #expect(isNoticed)
    }

    private static func run(seed: UInt64, makeStore: (TestClock) -> any LockBackend) -> CoordinationWorld.Notes {
        var random = SeededGenerator(seed: seed)
        let world = CoordinationWorld(seed: seed, random: &random, makeStore: makeStore)
        let keys: [LockKey] = random.happens(700) ? ["a"] : ["a", "b"]
        let work = world.processes.map { _ in
            (0...random.below(4)).map { _ in call(keys, isCalm: world.isCalm, &random) }
        }
        let log = Log<LockKey, History>()
        return world.run { process in
            await withDiscardingTaskGroup { group in
                for (number, call) in work[process.number].enumerated() {
                    group.addTask { await perform(call, process.number * 100 + number, process, world, log) }
                }
            }
        } judge: { client in
            for key in keys {
                let last = try await client.once(key, retention: .seconds(3600)) { _ in "the last" }
                let history = log.value(for: key) ?? History()
                world.note { notes in
                    if let result = history.result, result != last.value {
                        notes.violations.append("\(key): a call got \(result), the last \(last)")
                    }
                    if world.isCalm, history.successes > 1 {
                        notes.violations.append("\(key): \(history.successes) bodies succeeded without any fault")
                    }
                    if history.successes > 1 { notes.count("bodies again", history.successes - 1) }
                }
            }
        }
    }

    private static func call(_ keys: [LockKey], isCalm: Bool, _ random: inout SeededGenerator) -> Call {
        Call(
            key: random.pick(keys), before: .milliseconds(random.below(3000)),
            wait: random.pick([.forever, .forever, .upTo(.milliseconds(random.below(4000) + 1)), .no]),
            steps: (0...random.below(3)).map { _ in .milliseconds(random.below(random.happens(150) ? 2500 : 250)) },
            fails: random.happens(250),
            cancelAfter: random.happens(isCalm ? 100 : 200) ? .microseconds(random.below(3_000_000)) : nil)
    }

    private static func perform(
        _ call: Call, _ number: Int, _ process: CoordinationWorld.Process, _ world: CoordinationWorld,
        _ log: Log<LockKey, History>
    ) async {
        guard (try? await process.time.sleep(until: process.time.now + call.before)) != nil else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let outcome = await once(call, number, process, world, log)
                world.note { $0.count(outcome) }
            }
            if let delay = call.cancelAfter {
                group.addTask { try? await process.time.sleep(until: process.time.now + delay) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private static func once(
        _ call: Call, _ number: Int, _ process: CoordinationWorld.Process, _ world: CoordinationWorld,
        _ log: Log<LockKey, History>
    ) async -> String {
        // Whether a success was acknowledged to anybody before this call began.
        let known = log.value(for: call.key)?.result
        do {
            let result = try await process.client.once(call.key, retention: .seconds(3600), wait: call.wait) { lease in
                if let known {
                    world.note { $0.violations.append("\(call.key): a body ran in a call that came after \(known)") }
                }
                return try await body(call, number, lease, process, world, log)
            }
            let other = log.update(call.key) { history -> String? in
                defer { history = history ?? History(); history?.result = result.value }
                return history?.result
            }
            world.note { notes in
                if let other, other != result.value {
                    notes.violations.append("\(call.key): one call got \(other), another \(result.value)")
                }
            }
            return result.ranNow ? "ran" : "repeated"
        } catch is Failed {
            return "failed"
        } catch {
            return (error as? LockError)?.code.description ?? "cancelled"
        }
    }

    private static func body(
        _ call: Call, _ number: Int, _ lease: Lease, _ process: CoordinationWorld.Process, _ world: CoordinationWorld,
        _ log: Log<LockKey, History>
    ) async throws -> String {
        let rival = log.update(call.key) { history -> Int? in
            var present = history ?? History()
            // Asked before the own lease is: none may be lost in between.
            let rival = lease.isHeld ? present.running.first { $0.value.isHeld }?.key : nil
            present.running[number] = lease
            present.bodies += 1
            history = present
            return rival
        }
        if let rival { world.note { $0.violations.append("\(call.key): bodies \(rival) and \(number) run at once") } }
        defer { log.update(call.key) { $0?.running[number] = nil } }
        for step in call.steps { try await process.time.sleep(until: process.time.now + step) }
        if call.fails { throw Failed() }
        log.update(call.key) { if lease.isHeld { $0?.successes += 1 } }
        return "\(number)"
    }
}
