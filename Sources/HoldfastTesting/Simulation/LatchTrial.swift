import Holdfast
import Synchronization

extension CoordinationSimulation {
    /// Processes that arrive at a latch, wait for it, give up, and die.
    ///
    /// - Parameter seesGhosts: clients read of an arrival that never was: for showing that it is noticed.
    public static func latches(seed: UInt64, seesGhosts: Bool = false) -> SimulationResult {
        let setting = setting(seed: seed, key: LatchTrial.key, members: 2...4, observers: 1, isBroken: false)
        let lie: @Sendable ([UInt8]) -> [UInt8] = { value in
            Array(String(decoding: value, as: UTF8.self).split(separator: "[").joined(separator: "[\"ghost\",").utf8)
        }
        let backend = WitnessedBackend(clock: setting.scheduler.clock, lie: seesGhosts ? lie : nil)
        let trial = LatchTrial(setting, backend.log)
        var result = run(setting, backend: backend) { await trial.live($0) }
        trial.judgeArrivals()
        result.violations += trial.violations
        result.counts.grants += trial.passes
        return result
    }
}

/// What the processes of one run of a latch do. Whoever passes is compared with what the store knew at that moment.
final class LatchTrial: Sendable {
    static let key: LockKey = "l"
    /// From here on the latch is opened, whoever of the members lives.
    private static let length: Duration = .seconds(8)

    private enum Act {
        /// Under a name of its own, one that others use, too, or a new one each time.
        case arrive(String?)
        case wait(Wait)
        case ask
    }

    private struct State {
        var violations: [Violation] = []
        var passes = 0
    }

    private let state = Mutex(State())
    private let setting: CoordinationSimulation.Setting
    private let log: WitnessedBackend.Log
    private let count: Int

    init(_ setting: CoordinationSimulation.Setting, _ log: WitnessedBackend.Log) {
        self.setting = setting
        self.log = log
        count = 2 + Int(setting.seed % 4)
    }

    var violations: [Violation] { state.withLock { $0.violations } }
    var passes: Int { state.withLock { $0.passes } }

    func live(_ process: SimulatedProcess) async {
        let number = Int(process.name.split(separator: "-").last ?? "0") ?? 0
        var random = SeededGenerator(seed: setting.seed &* 149 &+ UInt64(number))
        guard number < setting.membersCount else { return await open(process) }
        let acts = (0...random.below(4) + 1).map { index in
            (
                before: Duration.milliseconds(random.below(3000)),
                act: random.pick([
                    Act.arrive("own-\(number)-\(index)"), .arrive("all-\(index % 2)"), .arrive(nil), .wait(.forever),
                    .wait(.forever), .wait(.upTo(.milliseconds(random.below(6000) + 1))), .wait(.no), .ask,
                ]),
                cancelAfter: random.happens(150) ? Duration.milliseconds(random.below(2000)) : nil
            )
        }
        await withTaskGroup(of: Void.self) { group in
            for (before, act, delay) in acts {
                group.addTask {
                    guard (try? await process.time.sleep(until: before)) != nil else { return }
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask { await self.perform(act, process) }
                        if let delay {
                            group.addTask { try? await process.time.sleep(until: process.time.now + delay) }
                        }
                        await group.next()
                        group.cancelAll()
                    }
                }
            }
        }
    }

    private static let expected: Set<LockError.Code> = [.busy, .timedOut, .cancelled, .unavailable, .notRunning]

    private func perform(_ act: Act, _ process: SimulatedProcess) async {
        let before = arrived.count
        do {
            let latch = try process.client.latch(Self.key, count: count)
            switch act {
            case .arrive(let name): check(try await latch.arrive(as: name), from: before, name)
            case .ask: check(try await latch.remaining(), from: before)
            case .wait(let wait):
                try await latch.wait(wait)
                state.withLock { $0.passes += 1 }
                if arrived.count < count { report("one passes when \(arrived) have arrived, and \(count) must") }
            }
        } catch {
            guard Self.expected.contains(error.code) else { return report("\(act) ends with \(error)") }
            guard process.isCalm, before == count, error.code != .cancelled else { return }
            report("an open latch lets nobody pass: \(error)")
        }
    }

    /// Arrives for all who have not.
    private func open(_ process: SimulatedProcess) async {
        guard (try? await process.time.sleep(until: Self.length)) != nil,
            let latch = try? process.client.latch(Self.key, count: count)
        else { return }
        var number = 0
        while !Task.isCancelled {
            // Of unknown outcome, at worst: then again, under the same name.
            guard let remaining = try? await latch.arrive(as: "late-\(number)") else { continue }
            guard remaining > 0 else { return }
            number += 1
        }
    }

    /// Who has arrived, as the store knows it.
    private var arrived: [String] { log.writes.last?.value.names ?? [] }

    /// What was answered was true at some moment of the call, and who arrived is counted.
    private func check(_ remaining: Int, from before: Int, _ name: String? = nil) {
        let arrived = arrived
        if count - remaining < before || count - remaining > arrived.count {
            report("\(remaining) of \(count) are still to come, and \(before) to \(arrived.count) have arrived")
        }
        if let name, remaining > 0, !arrived.contains(name) { report("\(name) has arrived, and is not counted") }
    }

    /// Each arrival is one name more, none is counted twice, and none is lost.
    func judgeArrivals() {
        var known: [String] = []
        for write in log.writes {
            let names = write.value.names
            if names.dropLast() != known[...] || Set(names).count != names.count || names.count > count {
                report("\(names) of \(count) have arrived, after \(known)")
            }
            known = names
        }
    }

    private func report(_ text: String) { state.withLock { $0.violations.append(Violation("L1", text)) } }
}

extension [UInt8] {
    /// What the list of a record's JSON says, in its order.
    fileprivate var names: [String] {
        guard let begin = firstIndex(of: UInt8(ascii: "[")), let end = firstIndex(of: UInt8(ascii: "]")) else {
            return []
        }
        return self[begin..<end].split(separator: UInt8(ascii: "\"")).dropFirst()
            .map { String(decoding: $0, as: UTF8.self) }.filter { $0 != "," }
    }
}
