import Glibc
import HoldfastTesting

/// Delivers messages to processes that it kills: what was not acknowledged is delivered again.
///
/// One thread decides everything, with one generator; only the processes' own times are not of the seed.
struct OnceBroker {
    private static let bound: Duration = .seconds(90)
    /// How long the processes may take to end when all is done.
    private static let endBound: Duration = .seconds(15)
    private static let longestPause = 6_000
    private static let longestWay: Duration = .milliseconds(18)

    let plan: OnceTrial
    let program: String
    /// Words for the program, and where it complains.
    let arguments: [String]
    let errors: String
    private var random: SeededGenerator
    private var waiting: [Int]
    private var workers: [OnceWorker] = []
    private var tally: OnceTally

    init(_ plan: OnceTrial, _ program: String, _ arguments: [String], errors: String, seed: UInt64) {
        (self.plan, self.program, self.arguments, self.errors) = (plan, program, arguments, errors)
        random = SeededGenerator(seed: seed)
        tally = OnceTally(messages: plan.messages, copies: plan.copies, seed: seed)
        waiting = (0..<plan.messages * plan.copies).map { $0 % plan.messages }.shuffled(using: &random)
    }

    mutating func run() throws -> OnceTally {
        let began = ContinuousClock.now
        defer { for worker in workers { _ = worker.kill() } }
        for _ in 0..<plan.processes { workers.append(try start()) }
        while !waiting.isEmpty || workers.contains(where: { $0.inHand != nil }) {
            guard ContinuousClock.now - began < Self.bound else {
                throw TestFailure("not within \(Self.bound): \(tally); in hand: \(workers.map(\.inHand))")
            }
            try deliver()
            wait(until: workers.compactMap(\.killAt).min())
            try listen()
            try killWhoseTimeHasCome()
        }
        tally.elapsed = ContinuousClock.now - began
        try dismiss()
        return tally
    }

    private func start() throws -> OnceWorker { try OnceWorker(program, arguments, errors: errors) }

    private mutating func deliver() throws {
        for worker in workers where worker.isReady && worker.inHand == nil && !waiting.isEmpty {
            let message = waiting.removeFirst()
            worker.inHand = message
            // What the body does takes its time, before and after its effect.
            try worker.send("\(message) \(random.below(Self.longestPause)) \(random.below(Self.longestPause))")
            guard worker.killAt == nil, tally.kills < plan.killsLimit, random.happens(plan.killsPerMille) else {
                continue
            }
            worker.killAt = ContinuousClock.now + random.duration(in: .zero...Self.longestWay)
        }
    }

    /// Until one of the processes says something, has ended, or is to be killed.
    private func wait(until kill: ContinuousClock.Instant?) {
        let left = kill.map { max(.zero, $0 - ContinuousClock.now) } ?? .seconds(1)
        var sockets = workers.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
        poll(&sockets, nfds_t(sockets.count), CInt((left / .milliseconds(1)).rounded(.up)))
    }

    private mutating func listen() throws {
        for worker in workers {
            let (lines, isOver) = worker.said()
            for line in lines { try heard(line, from: worker) }
            if isOver { throw TestFailure("process \(worker.pid) ended by itself; it complained in \(errors)") }
        }
    }

    /// `ready`, `done MESSAGE ran|found RESULT`, `failed MESSAGE CODE`.
    private mutating func heard(_ line: String, from worker: OnceWorker) throws {
        let words = line.split(separator: " ").map { String($0) }
        guard words != ["ready"] else { return worker.isReady = true }
        guard words.count >= 3, let message = Int(words[1]), worker.inHand == message else {
            throw TestFailure("process \(worker.pid) said \"\(line)\" of \(String(describing: worker.inHand))")
        }
        worker.inHand = nil
        guard words[0] == "done", words.count == 4 else {
            tally.failures[words[2], default: 0] += 1
            return comesAgain(message)
        }
        tally.acknowledged[message] += 1
        if words[2] == "ran" { tally.runs[message] += 1 }
        tally.results[message].insert(words[3])
    }

    private mutating func comesAgain(_ message: Int) {
        tally.unanswered[message] += 1
        waiting.insert(message, at: random.below(waiting.count + 1))
    }

    private mutating func killWhoseTimeHasCome() throws {
        for (slot, worker) in workers.enumerated() {
            guard let at = worker.killAt, at <= ContinuousClock.now else { continue }
            // What it said before it died is said.
            for line in worker.kill() { try heard(line, from: worker) }
            tally.kills += 1
            if let message = worker.inHand {
                tally.killsInHand += 1
                comesAgain(message)
            }
            workers[slot] = try start()
        }
    }

    /// Lets all of them end by themselves.
    private mutating func dismiss() throws {
        let end = ContinuousClock.now + Self.endBound
        for worker in workers { worker.dismiss() }
        while !workers.isEmpty {
            guard ContinuousClock.now < end else {
                throw TestFailure("processes \(workers.map(\.pid)) do not end within \(Self.endBound)")
            }
            wait(until: nil)
            workers.removeAll { worker in
                guard worker.said().isOver else { return false }
                worker.reap()
                return true
            }
        }
    }
}
