import Glibc
import Holdfast
import HoldfastStores
import Synchronization

extension StoreProbe {
    /// Writers of one record, for so many seconds, and what they had: one line of JSON.
    ///
    /// How: `optimistic`, `lock`, or `both`, which takes the lock after three conflicts. The writers share out up to
    /// eight clients, as tasks of so many services. `work` is for how many milliseconds each computes.
    static func update(_ url: String, _ words: [String]) async throws {
        let (key, how) = (try LockKey(words[0]), words[1])
        guard let writers = Int(words[2]), let work = Int(words[3]), let seconds = Double(words[4]) else {
            throw Witness.Contradiction(description: "update URL KEY HOW WRITERS WORK SECONDS")
        }
        let store = try StoreURL(url)
        let tallies = try await withThrowingTaskGroup(of: UpdateTally.self) { group in
            let clients = min(writers, 8)
            let gate = Gate(clients)
            for number in 0..<clients {
                let share = writers * (number + 1) / clients - writers * number / clients
                group.addTask {
                    let backend = try store.open()
                    return try await LockClient.withClient(backend: backend, configuration: .init()) { locks in
                        // The first request opens connections.
                        try await locks.withLock(LockKey("\(key)/warm-up/\(number)")) { _ in }
                        let start = try await gate.pass()
                        let work = UpdateWork(locks, key, how, .milliseconds(work), start + .seconds(seconds))
                        return try await work.run(share)
                    }
                }
            }
            return try await group.reduce(UpdateTally()) { $0 + $1 }
        }
        let counted = try await LockClient.withClient(backend: store.open(), configuration: .init()) { locks in
            try await locks.records.read(key, as: Int.self) ?? 0
        }
        guard counted == tallies.latencies.count else {
            throw Witness.Contradiction(description: "\(tallies.latencies.count) updates, and \(counted) counted")
        }
        say(tallies.json(how, writers, seconds))
    }
}

/// What one task does over and over.
private struct UpdateWork: Sendable {
    private let locks: LockClient
    private let key: LockKey
    private let how: String
    private let work: Duration
    private let end: ContinuousClock.Instant

    init(_ locks: LockClient, _ key: LockKey, _ how: String, _ work: Duration, _ end: ContinuousClock.Instant) {
        (self.locks, self.key, self.how, self.work, self.end) = (locks, key, how, work, end)
    }

    func run(_ writers: Int) async throws -> UpdateTally {
        try await withThrowingTaskGroup(of: UpdateTally.self) { group in
            for _ in 0..<writers { group.addTask { try await self.writer() } }
            return try await group.reduce(UpdateTally()) { $0 + $1 }
        }
    }

    private func writer() async throws -> UpdateTally {
        var tally = UpdateTally()
        while case let began = ContinuousClock.now, began < end {
            let attempts = Attempts()
            do {
                try await update(attempts)
                tally.latencies.append(ContinuousClock.now - began)
            } catch let error as LockError where error.code == .conflict {
                tally.givenUp += 1
            }
            tally.attempts += attempts.count
        }
        return tally
    }

    private func update(_ attempts: Attempts) async throws {
        guard how == "lock" else {
            return try await increment(attempts, how == "both" ? UpdateOptions(locksAfter: 3) : UpdateOptions())
        }
        try await locks.withLock(key) { _ in try await increment(attempts, UpdateOptions()) }
    }

    private func increment(_ attempts: Attempts, _ options: UpdateOptions) async throws {
        try await locks.records.update(key, as: Int.self, options: options) { count in
            attempts.again()
            if work > .zero { try await ContinuousClock().sleep(for: work) }
            return (count ?? 0) + 1
        }
    }
}

private final class Attempts: Sendable {
    private let counted = Atomic(0)
    var count: Int { counted.load(ordering: .relaxed) }
    func again() { counted.wrappingAdd(1, ordering: .relaxed) }
}

/// What writers had.
private struct UpdateTally: Sendable {
    var latencies: [Duration] = []
    var attempts = 0
    /// Updates that met more conflicts than they may.
    var givenUp = 0

    static func + (one: UpdateTally, other: UpdateTally) -> UpdateTally {
        UpdateTally(
            latencies: one.latencies + other.latencies, attempts: one.attempts + other.attempts,
            givenUp: one.givenUp + other.givenUp)
    }

    func json(_ how: String, _ writers: Int, _ seconds: Double) -> String {
        let sorted = latencies.map { $0 / .milliseconds(1) }.sorted()
        func quantile(_ share: Double) -> Double {
            sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
        let each = Double(attempts) / Double(max(1, sorted.count))
        return """
            {"how":"\(how)","writers":\(writers),"per_s":\(Double(sorted.count) / seconds),"attempts":\(each),\
            "p50_ms":\(quantile(0.5)),"p99_ms":\(quantile(0.99)),"given_up":\(givenUp)}
            """
    }
}

/// Lets all through at one moment: when the last one is there.
private actor Gate {
    private var missing: Int
    private var waiting: [CheckedContinuation<ContinuousClock.Instant, Never>] = []

    init(_ count: Int) { missing = count }

    func pass() async throws -> ContinuousClock.Instant {
        missing -= 1
        guard missing == 0 else { return await withCheckedContinuation { waiting.append($0) } }
        let now = ContinuousClock.now
        for one in waiting { one.resume(returning: now) }
        return now
    }
}
