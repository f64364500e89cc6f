import Holdfast
import Synchronization

extension CoordinationSimulation {
    /// Parties that enter and leave a barrier, give up, and die.
    ///
    /// - Parameter forgetsRounds: clients read that no round has been yet: for showing that it is noticed.
    public static func barriers(seed: UInt64, forgetsRounds: Bool = false) -> SimulationResult {
        let setting = setting(seed: seed, key: BarrierTrial.key, members: 2...4, isBroken: false)
        let lie: @Sendable ([UInt8]) -> [UInt8] = { _ in Array("{\"last\":[]}".utf8) }
        let backend = WitnessedBackend(clock: setting.scheduler.clock, lie: forgetsRounds ? lie : nil)
        let trial = BarrierTrial(setting, backend.log)
        var result = run(setting, backend: backend) { await trial.live($0) }
        trial.judgeRounds()
        result.violations += trial.violations
        result.counts.grants += trial.entries
        return result
    }
}

/// What the processes of one run of a barrier do, and what the store has to say to it.
final class BarrierTrial: Sendable {
    static let key: LockKey = "b"

    private struct State {
        var violations: [Violation] = []
        /// The stays that have begun, by token.
        var entered: [FencingToken: Lease] = [:]
        /// Those that are over, or about to be.
        var leaving: Set<FencingToken> = []
    }

    private let state = Mutex(State())
    private let setting: CoordinationSimulation.Setting
    private let log: WitnessedBackend.Log
    private let parties: Int

    init(_ setting: CoordinationSimulation.Setting, _ log: WitnessedBackend.Log) {
        self.setting = setting
        self.log = log
        parties = min(setting.membersCount, 2 + Int(setting.seed % 2))
    }

    var violations: [Violation] { state.withLock { $0.violations } }
    var entries: Int { state.withLock { $0.entered.count } }

    func live(_ process: SimulatedProcess) async {
        let number = Int(process.name.split(separator: "-").last ?? "0") ?? 0
        var random = SeededGenerator(seed: setting.seed &* 139 &+ UInt64(number))
        for _ in 0...random.below(4) {
            let before: Duration = .milliseconds(random.below(800))
            let patience: Duration = .milliseconds(random.below(random.happens(300) ? 500 : 4000) + 1)
            let work: Duration = .milliseconds(random.below(random.happens(150) ? 2500 : 300))
            let leaves = random.happens(700)
            guard (try? await process.time.sleep(until: process.time.now + before)) != nil else { return }
            await stay(process, patience, work, leaves: leaves)
            guard !Task.isCancelled else { return }
        }
    }

    private func stay(_ process: SimulatedProcess, _ patience: Duration, _ work: Duration, leaves: Bool) async {
        do {
            let barrier = try process.client.barrier(Self.key, parties: parties)
            let stay = try await barrier.enter(wait: .upTo(patience))
            let lease = stay.lease
            state.withLock { $0.entered[lease.token] = lease }
            try? await process.time.sleep(until: process.time.now + work)
            state.withLock { _ = $0.leaving.insert(lease.token) }
            guard leaves else {
                _ = consume stay
                return
            }
            try await stay.leave(wait: .upTo(.seconds(20)))
            checkLeft(lease.token)
        } catch {
            guard !Self.expected.contains(error.code) else { return }
            report("a party ends with \(error)")
        }
    }

    private static let expected: Set<LockError.Code> = [
        .timedOut, .leaseLost, .cancelled, .unavailable, .notRunning,
    ]

    /// The greatest token of each round, as the store came to know them.
    private var rounds: [Int64] { (log.writes.last?.value.numbers ?? []).sorted() }

    private func round(of token: FencingToken) -> Int? { rounds.firstIndex { $0 >= token.rawValue } }

    /// Who leaves together with others leaves after them.
    private func checkLeft(_ token: FencingToken) {
        let (entered, leaving) = state.withLock { ($0.entered, $0.leaving) }
        let inside = entered.filter { $0.value.isHeld && !leaving.contains($0.key) }
        guard let own = round(of: token) else { return }
        for (other, _) in inside where round(of: other) == own {
            report("party \(token) has left, and party \(other) of its round is still inside")
        }
    }

    /// Each round was seen in one listing, with as many parties as it needs; each party belongs to one round.
    func judgeRounds() {
        var known: [Int64] = []
        for write in log.writes {
            let rounds = write.value.numbers
            guard let last = rounds.last, rounds.dropLast() == known.suffix(rounds.count - 1)[...] else {
                report("a round was forgotten: \(rounds) after \(known)")
                continue
            }
            let free = (known.last ?? 0) + 1
            let wasSeen = log.listings.contains { listing in
                listing.at <= write.at
                    && listing.tokens.count { free <= last && (free...last).contains($0.rawValue) } == parties
            }
            if !wasSeen { report("round \(last) was never seen with \(parties) parties") }
            known = rounds
        }
        let entered = state.withLock { Array($0.entered.keys) }
        var counts: [Int: Int] = [:]
        for token in entered {
            guard let round = round(of: token) else {
                report("party \(token) went on, and belongs to no round")
                continue
            }
            counts[round, default: 0] += 1
        }
        for (round, count) in counts where count > parties { report("\(count) parties went on in round \(round)") }
    }

    private func report(_ text: String) { state.withLock { $0.violations.append(Violation("B1", text)) } }
}
