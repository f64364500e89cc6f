import Holdfast
import Synchronization

extension CoordinationSimulation {
    /// Candidates that campaign, proclaim, hand over and resign, and one that observes.
    public static func elections(seed: UInt64) -> SimulationResult {
        let setting = setting(seed: seed, key: ElectionTrial.key, members: 2...4, observers: 1)
        let trial = ElectionTrial(setting)
        var result = run(setting, backend: MemoryBackend(clock: setting.scheduler.clock)) { await trial.live($0) }
        result.violations += trial.violations
        result.counts.news = trial.news
        return result
    }
}

/// What the processes of one run of elections do, and what they may see.
///
/// That at most one believes to lead, and that tokens rise, is judged on the history, as for every lock.
final class ElectionTrial: Sendable {
    static let key: LockKey = "a"
    private static let interval: Duration = .milliseconds(200)
    /// For how long there are candidates and observers.
    private static let length: Duration = .seconds(12)

    private struct State {
        var violations: [Violation] = []
        var tokens: [Claim.ID: FencingToken] = [:]
        var proposals: Set<String> = []
        /// When the end of a leadership was confirmed.
        var ends: [FencingToken: Duration] = [:]
        var news = 0
        /// What the observer was told last.
        var shown: LeaderState?
    }

    private let state = Mutex(State())
    private let setting: CoordinationSimulation.Setting

    init(_ setting: CoordinationSimulation.Setting) { self.setting = setting }

    var violations: [Violation] { state.withLock { $0.violations } }
    var news: Int { state.withLock { $0.news } }

    func live(_ process: SimulatedProcess) async {
        let number = Int(process.name.split(separator: "-").last ?? "0") ?? 0
        var random = SeededGenerator(seed: setting.seed &* 131 &+ UInt64(number))
        guard number < setting.membersCount else { return await observe(process) }
        for round in 0...random.below(3) {
            let operation = SimulationScenario.Operation(
                before: .milliseconds(random.below(1500)), parts: [Claim.Part(Self.key)],
                style: random.pick([.acquire, .acquire, .withLock, .dropped]),
                wait: random.pick([.forever, .forever, .upTo(.milliseconds(random.below(4000) + 1)), .no]),
                steps: (0...random.below(3)).map { _ in .milliseconds(random.below(random.happens(150) ? 2500 : 250)) },
                cancelAfter: random.happens(200) ? .microseconds(random.below(2_000_000)) : nil)
            let handsOver = !process.isCalm && random.happens(300)
            await campaign(process, operation, "\(process.name)/\(round)", handsOver: handsOver)
            guard !Task.isCancelled else { return }
        }
    }

    private func campaign(
        _ process: SimulatedProcess, _ operation: SimulationScenario.Operation, _ proposal: String, handsOver: Bool
    ) async {
        guard (try? await process.time.sleep(until: process.time.now + operation.before)) != nil else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.lead(process, operation, proposal, handsOver: handsOver) }
            if let delay = operation.cancelAfter {
                group.addTask { try? await process.time.sleep(until: process.time.now + delay) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func lead(
        _ process: SimulatedProcess, _ operation: SimulationScenario.Operation, _ proposal: String, handsOver: Bool
    ) async {
        let number = process.recorder.invoke(client: process.name, parts: operation.parts)
        let election = process.client.election(Self.key)
        state.withLock { _ = $0.proposals.insert(proposal) }
        do {
            if operation.style == .withLock {
                try await election.withLeadership(proposal: proposal, wait: operation.wait) { leader in
                    self.elected(leader)
                    try await process.hold(leader.lease, operation, number)
                }
                return process.recorder.record(.released(number, isConfirmed: process.isCalm))
            }
            let leadership = try await election.campaign(proposal: proposal, wait: operation.wait)
            let leader = leadership.leader
            elected(leader)
            try? await process.hold(leader.lease, operation, number)
            if operation.steps.count > 1 { try? await proclaim(leader, proposal + "*") }
            if handsOver { try? await handOver(leader, election) }
            guard operation.style != .dropped else {
                _ = consume leadership
                return process.recorder.record(.released(number, isConfirmed: false))
            }
            try await leadership.resign()
            process.recorder.record(.released(number, isConfirmed: !handsOver))
            if !handsOver { state.withLock { $0.ends[leader.token] = process.time.now } }
        } catch let error as LockError where error.code == .leaseLost {
            process.recorder.record(.lost(number, reason: "\(error.code)"))
        } catch {
            process.recorder.record(.info(number, reason: (error as? LockError)?.code.description ?? "cancelled"))
        }
    }

    private func elected(_ leader: Leader) {
        state.withLock { $0.tokens[leader.lease.id] = leader.token }
    }

    private func proclaim(_ leader: Leader, _ proposal: String) async throws {
        state.withLock { _ = $0.proposals.insert(proposal) }
        try await leader.proclaim(proposal)
    }

    /// To the youngest candidate.
    private func handOver(_ leader: Leader, _ election: Election) async throws {
        guard let last = try await election.candidates().last, !last.isLeader else { return }
        try await leader.handOver(to: last.id, within: .seconds(3))
    }
}

// MARK: - Observing

extension ElectionTrial {
    private func observe(_ process: SimulatedProcess) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    for try await news in process.client.election(Self.key).leaders(every: Self.interval) {
                        self.judge(news, after: self.state.withLock { $0.shown }, now: process.time.now)
                        self.state.withLock { $0.shown = news }
                    }
                } catch {
                    self.report("an observer ends with \(error)")
                }
            }
            group.addTask {
                while process.time.now < Self.length, !Task.isCancelled {
                    try? await process.time.sleep(until: process.time.now + .milliseconds(50))
                    self.judge(shown: self.state.withLock { $0.shown }, now: process.time.now)
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func judge(_ news: LeaderState, after last: LeaderState?, now: Duration) {
        state.withLock { $0.news += 1 }
        guard case .leader(let candidate) = news else { return }
        let (token, end, isKnown) = state.withLock { state in
            (
                state.tokens[candidate.id], candidate.token.flatMap { state.ends[$0] },
                state.proposals.contains(candidate.proposal)
            )
        }
        if !isKnown { report("a leader is shown with a proposal that nobody made: \(candidate.proposal)") }
        // A doubled message may place a claim that has ended once more: an orphan, which leads until it expires, with
        // a greater token. That is what the store says, and so it is shown.
        if let token, let shown = candidate.token, shown < token { report("leader \(candidate.id) has a lesser token") }
        // An answer is one interval old at most, by a clock that may be slow.
        if let end, end < now - Self.interval * 11 / 10 {
            report("\(candidate.id) is told as leader, and had resigned")
        }
        if case .leader(let before) = last, let old = before.token, let new = candidate.token {
            if new < old { report("an older leader is shown after a newer one") }
            if new == old, before.id != candidate.id { report("two leaders are shown with one token") }
        }
    }

    /// No leader is shown for longer than three intervals after it was last seen.
    private func judge(shown: LeaderState?, now: Duration) {
        guard case .leader(let candidate) = shown, let token = candidate.token,
            let end = state.withLock({ $0.ends[token] })
        else { return }
        if end < now - Self.interval * 33 / 10 { report("\(candidate.id) is still shown, and resigned at \(end)") }
    }

    private func report(_ text: String) { state.withLock { $0.violations.append(Violation("E1", text)) } }
}
