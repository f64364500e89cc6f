import Holdfast
import HoldfastTesting
import Testing

/// Optimistic updates under faults: what was acknowledged is there, once; what is unknown, at most once.
@Suite struct UpdateSimulationTests {
    private struct Operation: Sendable {
        let id: Int
        let key: LockKey
        let before: Duration
        let options: UpdateOptions
        let cancelAfter: Duration?
    }

    private enum Outcome: Sendable {
        case acknowledged([Int])
        case unknown
        case notDone
    }

    @Test func `an acknowledged update is done once, an unknown one at most once`() async {
        let notes = await CoordinationWorld.runMany { Self.run(seed: $0) { MemoryBackend(clock: $0) } }
        #expect(notes.violations.isEmpty)
        guard CoordinationWorld.seeds.count > 1 else { return }
        // A series in which nothing went wrong proves nothing.
        for what in ["acknowledged", "unknown", "unknown and done", "notDone", "faults", "crashes"] {
            #expect(notes.counts[what, default: 0] > 0, "\(what)")
        }
        print("updates on \(CoordinationWorld.seeds.count) seeds: \(notes.counts)")
    }

    @Test(arguments: [ForgetfulStore.Fault.losesVersions, .forgetsWrites])
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
        var operations: [[Operation]] = []
        var ids = 0
        for _ in world.processes.indices {
            operations.append(
                (0...random.below(5)).map { _ in
                    ids += 1
                    return operation(ids, keys, isCalm: world.isCalm, &random)
                })
        }
        let work = operations
        let log = Log<Int, Outcome>()
        return world.run { process in
            await withDiscardingTaskGroup { group in
                for operation in work[process.number] {
                    group.addTask {
                        let outcome = await perform(operation, process)
                        log.set(outcome, for: operation.id)
                        world.note { $0.count(Self.name(outcome)) }
                    }
                }
            }
        } judge: { client in
            for key in keys {
                let list = try await client.records.read(key, as: [Int].self) ?? []
                for operation in work.joined() where operation.key == key {
                    let complaint = Self.complaint(of: log.value(for: operation.id), operation.id, list)
                    world.note { notes in
                        if let complaint { notes.violations.append("\(operation): \(complaint)") }
                        if case .unknown? = log.value(for: operation.id), list.contains(operation.id) {
                            notes.count("unknown and done")
                        }
                    }
                }
            }
        }
    }

    private static func operation(
        _ id: Int, _ keys: [LockKey], isCalm: Bool, _ random: inout SeededGenerator
    ) -> Operation {
        Operation(
            id: id, key: random.pick(keys), before: .milliseconds(random.below(2000)),
            options: UpdateOptions(
                attemptsLimit: random.pick([1, 2, 5, 50]), locksAfter: random.pick([nil, nil, 1, 2]),
                lockWait: random.pick([.forever, .upTo(.milliseconds(300))])),
            cancelAfter: random.happens(isCalm ? 0 : 150) ? .microseconds(random.below(1_000_000)) : nil)
    }

    private static func perform(_ operation: Operation, _ process: CoordinationWorld.Process) async -> Outcome {
        guard (try? await process.time.sleep(until: process.time.now + operation.before)) != nil else {
            return .notDone
        }
        return await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { await update(operation, process.client) }
            if let delay = operation.cancelAfter {
                group.addTask {
                    try? await process.time.sleep(until: process.time.now + delay)
                    return nil
                }
            }
            var outcome: Outcome?
            while outcome == nil, let next = await group.next() {
                outcome = next
                group.cancelAll()
            }
            return outcome ?? .unknown
        }
    }

    private static func update(_ operation: Operation, _ client: LockClient) async -> Outcome {
        do {
            let list = try await client.records.update(operation.key, options: operation.options) { (list: [Int]?) in
                (list ?? []) + [operation.id]
            }
            return .acknowledged(list ?? [])
        } catch let error as LockError where !error.isOutcomeUnknown {
            return .notDone
        } catch {
            return .unknown
        }
    }

    private static func name(_ outcome: Outcome) -> String {
        switch outcome {
        case .acknowledged: "acknowledged"
        case .unknown: "unknown"
        case .notDone: "notDone"
        }
    }

    private static func complaint(of outcome: Outcome?, _ id: Int, _ list: [Int]) -> String? {
        let times = list.count { $0 == id }
        switch outcome {
        case .acknowledged(let seen):
            guard times == 1 else { return "acknowledged, and there \(times) times in \(list)" }
            // Everybody appends: what one has seen is a beginning of the end.
            return list.starts(with: seen) ? nil : "it saw \(seen), and the end is \(list)"
        case .unknown, nil: return times <= 1 ? nil : "unknown, and there \(times) times in \(list)"
        case .notDone: return times == 0 ? nil : "said not to be done, and is in \(list)"
        }
    }
}
