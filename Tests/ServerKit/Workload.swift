package import Holdfast
import HoldfastTesting
import Synchronization
package import Testing

/// Clients that take locks while a cluster is disturbed, and a history of what they believed.
///
/// Each client takes locks for moments, in all modes, and one for so long that faults find it held.
package final class Workload: Sendable {
    /// What a client has had so far.
    package struct Tally: Sendable, Equatable {
        package var done = 0
        package var long = 0
        /// Whether it has its long lock now.
        package var holds = false
        package var failures: [LockError.Code: Int] = [:]
        /// What should never be told, such as that a lock is busy.
        package var oddities: [String] = []
    }

    package static let timeToLive: Duration = .seconds(3)
    private static let patience: Duration = .seconds(15)
    private static let moments: [[Claim.Part]] = [
        [Claim.Part("a")], [Claim.Part("a"), Claim.Part("b")], [Claim.Part("b", .shared)], [Claim.Part("b")],
        [Claim.Part("s", .permits(1, of: 2))], [Claim.Part("b", .shared)],
    ]
    private static let longKeys: [LockKey] = ["long/0", "long/1"]
    private static let longest = 600
    private static let tasksPerClient = 2

    private let recorder = HistoryRecorder()
    private let isOver = Atomic(false)
    /// Clients that keep their long lock once they have it.
    private let tenacious = Mutex<Set<Int>>([])
    private let tallies: Mutex<[Tally]>
    /// How long in all somebody could not be granted anything.
    private let outages = Mutex(Duration.zero)

    private let timeToLive: Duration
    private let moments: [[Claim.Part]]

    private init(_ backends: [any LockBackend], _ timeToLive: Duration) {
        tallies = Mutex(Array(repeating: Tally(), count: backends.count))
        self.timeToLive = timeToLive
        let each = backends.map(\.capabilities)
        moments = Self.moments.filter { parts in
            each.allSatisfy { can in
                parts.count <= can.keysPerClaimLimit && (can.supportsPermits || !parts.contains(where: \.isPermit))
                    && (can.supportsShared || !parts.contains { $0.mode == .shared })
            }
        }
    }

    /// What each client has had.
    package var tally: [Tally] { tallies.withLock { $0 } }

    /// Runs clients of these backends, one process each, around `body`, and then checks what they saw.
    ///
    /// - Parameters:
    ///   - witness: a backend of the same store that reaches it by every way there is.
    ///   - longestLife: how long the store may keep what a client that is gone held.
    ///   - keptFor: the life of the witness' lock, which no fault here outlasts.
    ///   - mayLose: the server is known to end leases that are alive: then exclusion is not asked for.
    package static func run(
        _ backends: [any LockBackend], witness: any LockBackend, timeToLive: Duration = timeToLive,
        longestLife: Duration = timeToLive * 2 + .seconds(2), keptFor: Duration = .seconds(20), mayLose: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (Workload) async throws -> Void
    ) async throws {
        let workload = Workload(backends, timeToLive)
        try await keeping(witness, for: keptFor) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, backend) in backends.enumerated() {
                    group.addTask { try await workload.client(number, backend) }
                }
                // Otherwise the group would wait for them for ever.
                defer { workload.isOver.store(true, ordering: .relaxed) }
                try await workload.progress("at the beginning")
                try await body(workload)
                workload.letGo()
                try await workload.progress("at the end", long: 1)
                workload.isOver.store(true, ordering: .relaxed)
                try await group.waitForAll()
            }
        }
        // Without a leader nobody is granted: within this, and within a life where a holder is gone, the next one is.
        let handOff = .seconds(10) + workload.outages.withLock { $0 }
        workload.check(.init(handOff: handOff, longestLife: longestLife), mayLose, sourceLocation)
    }

    /// Holds a lock of a longer life around `body`.
    private static func keeping(
        _ backend: any LockBackend, for life: Duration, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        try await LockClient.withClient(
            backend: backend, configuration: LockClientConfiguration(timeToLive: life)
        ) { locks in
            let kept = try await locks.acquire("kept")
            let lease = kept.lease
            try await body()
            #expect(lease.isHeld, "a lock that lives for \(life) was lost")
            let isFree = try await locks.tryAcquire("kept") != nil
            #expect(!isFree)
            try await kept.release()
        }
    }

    private func check(_ bounds: Checkers.Bounds, _ mayLose: Bool, _ sourceLocation: SourceLocation) {
        let history = recorder.history
        #expect(history.isComplete, sourceLocation: sourceLocation)
        var violations = Checkers.tokenOrder(history) + Checkers.lossIsFinal(history)
        violations += Checkers.boundedHandOff(history, bounds: bounds)
        if !mayLose { violations += Checkers.beliefExclusion(history) }
        #expect(violations.isEmpty, "\(violations.prefix(5))", sourceLocation: sourceLocation)
        for (number, tally) in tally.enumerated() {
            #expect(tally.oddities.isEmpty, "client \(number): \(tally)", sourceLocation: sourceLocation)
        }
    }

    /// Asks for a free lock where the cluster cannot give any: that is not busy, and does not take for ever.
    package static func isUnavailable(
        _ backend: any LockBackend, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await LockClient.withClient(
            backend: backend, configuration: LockClientConfiguration(timeToLive: timeToLive)
        ) { locks in
            let began = ContinuousClock.now
            for wait in [Wait.no, .upTo(.seconds(1))] {
                do throws(LockError) {
                    try await locks.acquire("free", wait: wait).release()
                    Issue.record("a lock was had of a store that is cut off", sourceLocation: sourceLocation)
                } catch {
                    #expect(error.code == .unavailable, "\(error)", sourceLocation: sourceLocation)
                }
            }
            #expect(ContinuousClock.now - began < .seconds(10), sourceLocation: sourceLocation)
        }
    }

    /// Waits until these clients, or all, have taken so many more locks each.
    package func progress(_ when: String, of clients: [Int]? = nil, by more: Int = 8, long: Int = 0) async throws {
        let before = tally
        let clients = clients ?? Array(before.indices)
        try await eventually("each of clients \(clients) takes locks \(when)", within: .seconds(30)) {
            let now = tally
            return clients.allSatisfy {
                now[$0].done >= before[$0].done + more && now[$0].long >= before[$0].long + long
            }
        }
    }

    /// Runs `body`, from whose beginning to whose end some clients can be granted nothing: it counts for no waiter.
    package func outage(_ body: () async throws -> Void) async throws {
        let began = ContinuousClock.now
        defer { outages.withLock { $0 += ContinuousClock.now - began } }
        try await body()
    }

    /// Lets these clients take their long lock and keep it, through what comes, until they lose it.
    package func holdOn(_ clients: [Int]) async throws {
        tenacious.withLock { $0 = Set(clients) }
        try await eventually("clients \(clients) hold") { clients.allSatisfy { tally[$0].holds } }
    }

    package func letGo() { tenacious.withLock { $0 = [] } }

    // MARK: Clients

    private func client(_ number: Int, _ backend: any LockBackend) async throws {
        try await LockClient.withClient(
            backend: backend, configuration: LockClientConfiguration(timeToLive: timeToLive)
        ) { locks in
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<Self.tasksPerClient {
                    group.addTask {
                        await self.turns { turn in
                            let parts = self.moments[(turn + number + task) % self.moments.count]
                            guard await self.once(number, locks, parts, milliseconds: 1...10) else { return }
                            self.tallies.withLock { $0[number].done += 1 }
                        }
                    }
                }
                group.addTask {
                    await self.turns { _ in
                        let parts = [Claim.Part(Self.longKeys[number % Self.longKeys.count])]
                        let isDone = await self.once(
                            number, locks, parts, milliseconds: 100...Self.longest, isLong: true)
                        if isDone { self.tallies.withLock { $0[number].long += 1 } }
                    }
                }
            }
        }
    }

    private func turns(_ body: (Int) async -> Void) async {
        var turn = 0
        while !isOver.load(ordering: .relaxed) {
            await body(turn)
            turn += 1
        }
    }

    /// - Returns: whether it was held to its end.
    private func once(
        _ client: Int, _ locks: LockClient, _ parts: [Claim.Part], milliseconds: ClosedRange<Int>,
        isLong: Bool = false
    ) async -> Bool {
        let number = recorder.invoke(client: "client \(client)", parts: parts)
        do {
            try await locks.withLock(parts, wait: .upTo(Self.patience)) { lease in
                self.recorder.record(
                    .ok(number, claim: lease.id, token: lease.token, deadline: self.deadline(of: lease)))
                defer { self.recorder.record(.releasing(number)) }
                if isLong { self.tallies.withLock { $0[client].holds = true } }
                defer { if isLong { self.tallies.withLock { $0[client].holds = false } } }
                repeat {
                    try await self.stay(number, lease, .milliseconds(Int.random(in: milliseconds)))
                } while isLong && self.tenacious.withLock { $0.contains(client) }
            }
            recorder.record(.released(number, isConfirmed: true))
            return true
        } catch let error as LockError where error.code == .leaseLost {
            recorder.record(.lost(number, reason: "\(error.code)"))
            note(error, client)
        } catch {
            recorder.record(.info(number, reason: "\(error)"))
            note(error, client)
            // Not at full speed against a wall.
            try? await ContinuousClock().sleep(for: .milliseconds(20))
        }
        return false
    }

    /// In the critical section: writes down what the lease says of itself.
    private func stay(_ number: Int, _ lease: Lease, _ span: Duration) async throws {
        let end = recorder.now + span
        let pause = max(span / 3, .milliseconds(1))
        repeat {
            try await ContinuousClock().sleep(for: min(pause, .milliseconds(20)))
            let deadline = deadline(of: lease)
            recorder.record(.observed(number, isHeld: lease.isHeld, token: lease.token, deadline: deadline))
        } while recorder.now < end && !isOver.load(ordering: .relaxed)
    }

    /// Faults make the store unavailable, and time pass. It never says that a lock is held which it does not know of.
    private func note(_ error: any Error, _ client: Int) {
        tallies.withLock { tallies in
            if let error = error as? LockError, [.unavailable, .timedOut, .leaseLost].contains(error.code) {
                tallies[client].failures[error.code, default: 0] += 1
            } else {
                tallies[client].oddities.append("\(error)")
            }
        }
    }

    private func deadline(of lease: Lease) -> Duration {
        let now = recorder.now
        let remaining = lease.remaining
        return now + (remaining > .zero ? remaining : .nanoseconds(-1))
    }
}

extension Claim.Part {
    fileprivate var isPermit: Bool { if case .permits = mode { true } else { false } }
}
