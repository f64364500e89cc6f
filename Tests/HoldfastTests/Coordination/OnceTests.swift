import Testing

@testable import Holdfast
@testable import HoldfastTesting

@Suite(.timeLimit(.minutes(1))) struct OnceTests {
    private func withClient<R: Sendable>(
        _ body: @escaping @Sendable (LockClient, FaultyBackend) async throws -> R
    ) async throws -> R {
        let backend = FaultyBackend(MemoryBackend(), seed: 1, plan: .none)
        return try await LockClient.withClient(backend: backend) { try await body($0, backend) }
    }

    /// Replies or requests of these verbs are lost, without delay.
    private static func losing(_ verb: FaultPlan.Verb, requests: Bool = false) -> FaultPlan {
        var plan = FaultPlan()
        plan.patience = .zero
        plan.exceptions[verb] =
            requests ? FaultPlan.Rates(requestsDropped: 1000) : FaultPlan.Rates(repliesDropped: 1000)
        return plan
    }

    @Test func `a later call gets the stored result by one read, without the lock`() async throws {
        try await withClient { locks, backend in
            let first = try await locks.once("order-1") { lease in
                #expect(lease.isHeld && lease.key == "order-1")
                return ["paid"]
            }
            #expect(first == OnceResult(value: ["paid"], ranNow: true))
            #expect(backend.counts.calls == 5)
            let owned = try await locks.acquire("order-1")
            let before = backend.counts.calls
            let second = try await locks.once("order-1") { _ in ["again"] }
            #expect(second == OnceResult(value: ["paid"], ranNow: false))
            #expect(backend.counts.calls == before + 1)
            try await owned.release()
        }
    }

    @Test func `a body that throws is run again by the next call`() async throws {
        struct Broken: Error {}
        try await withClient { locks, _ in
            await #expect(throws: Broken.self) { _ = try await locks.once("a") { _ -> Int in throw Broken() } }
            let next = try await locks.once("a") { _ in 2 }
            #expect(next == OnceResult(value: 2, ranNow: true))
        }
    }

    @Test func `a call in between waits, or is told`() async throws {
        try await withClient { locks, _ in
            let began = Signal()
            let goOn = Signal()
            try await withThrowingTaskGroup(of: OnceResult<Int>.self) { group in
                group.addTask {
                    try await locks.once("a") { _ in
                        began.set()
                        _ = await goOn.wait()
                        return 1
                    }
                }
                _ = await began.wait()
                let busy = await #expect(throws: LockError.self) { _ = try await locks.once("a", wait: .no) { _ in 2 } }
                #expect(busy?.code == .busy)
                group.addTask { try await locks.once("a") { _ in 3 } }
                while try await locks.claims().count < 2 { await Task.yield() }
                goOn.set()
                let results = try await group.reduce(into: []) { $0.append($1) }
                #expect(results.map(\.value) == [1, 1])
                #expect(results.count { $0.ranNow } == 1)
            }
        }
    }

    @Test func `after its retention it runs again`() async throws {
        let clock = TestClock()
        try await LockClient.withClient(backend: MemoryBackend(clock: clock), clock: clock) { locks in
            for round in 0..<3 {
                let ran = try await locks.once("a", retention: .seconds(60)) { _ in round }
                clock.advance(by: .seconds(59))
                let later = try await locks.once("a", retention: .seconds(60)) { _ in -1 }
                #expect(ran == OnceResult(value: round, ranNow: true))
                #expect(later == OnceResult(value: round, ranNow: false))
                clock.advance(by: .seconds(1))
            }
        }
    }

    @Test func `a success whose recording was not answered is found to be recorded`() async throws {
        try await withClient { locks, backend in
            try await withThrowingTaskGroup(of: OnceResult<Int>.self) { group in
                group.addTask {
                    try await locks.once("a") { _ in
                        backend.setPlan(Self.losing(.write))
                        return 1
                    }
                }
                while backend.counts.repliesDropped == 0 { await Task.yield() }
                backend.setPlan(.none)
                let result = try await group.next()
                #expect(result == OnceResult(value: 1, ranNow: true))
            }
            let next = try await locks.once("a") { _ in 2 }
            #expect(next == OnceResult(value: 1, ranNow: false))
        }
    }

    @Test func `a success that cannot be recorded is an error that says so, and the next call runs`() async throws {
        let clock = TestClock()
        let backend = FaultyBackend(MemoryBackend(clock: clock), seed: 1, plan: .none, clock: clock)
        var configuration = LockClientConfiguration(timeToLive: .seconds(3600))
        configuration.randomSeed = 1
        try await LockClient.withClient(backend: backend, configuration: configuration, clock: clock) { locks in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let error = await #expect(throws: LockError.self) {
                        _ = try await locks.once("a") { _ in
                            backend.setPlan(Self.losing(.write, requests: true))
                            return 1
                        }
                    }
                    #expect(error?.code == .unavailable && error?.isOutcomeUnknown == true)
                    #expect(error?.message.contains("the body ran") == true && error?.key == "a")
                }
                group.addTask {
                    while !Task.isCancelled {
                        clock.advance(by: .milliseconds(100))
                        await Task.yield()
                    }
                }
                try await group.next()
                group.cancelAll()
            }
            #expect(backend.counts.requestsDropped == 8)
            backend.setPlan(.none)
            let next = try await locks.once("a") { _ in 2 }
            #expect(next == OnceResult(value: 2, ranNow: true))
        }
    }

    @Test func `a caller that is cancelled after the success still has it recorded`() async throws {
        try await withClient { locks, _ in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try? await locks.once("a") { _ in
                        while !Task.isCancelled { await Task.yield() }
                        return 1
                    }
                }
                while (try? await locks.claims().count) != 1 { await Task.yield() }
                group.cancelAll()
            }
            let next = try await locks.once("a") { _ in 2 }
            #expect(next == OnceResult(value: 1, ranNow: false))
        }
    }

    @Test func `a body that was cancelled by the loss of its lock has no success, whatever it returns`() async throws {
        try await withClient { locks, _ in
            let error = await #expect(throws: LockError.self) {
                _ = try await locks.once("a") { lease in
                    _ = try await locks.remove(lease.id)
                    _ = await lease.whenLost()
                    return 1
                }
            }
            #expect(error?.code == .leaseLost)
            let next = try await locks.once("a") { _ in 2 }
            #expect(next == OnceResult(value: 2, ranNow: true))
        }
    }

    @Test func `a lock that is lost after the recording takes nothing back`() async throws {
        try await withClient { locks, backend in
            // The claim is gone behind the client's back, and the release finds it so.
            let result = try await locks.once("a") { lease in
                _ = try await backend.inner.remove(lease.id)
                return 1
            }
            #expect(result == OnceResult(value: 1, ranNow: true))
        }
    }

    @Test func `where a successor recorded first, its result stands for both`() async throws {
        try await withClient { locks, backend in
            let result = try await locks.once("a") { lease in
                // The lock is lost, and the client does not know it yet.
                _ = try await backend.inner.remove(lease.id)
                try await LockClient.withClient(backend: BackendView(backend)) { other in
                    let successor = try await other.once("a") { _ in "the successor's" }
                    #expect(successor.ranNow)
                }
                return "mine"
            }
            #expect(result == OnceResult(value: "the successor's", ranNow: true))
        }
    }

    @Test func `another type under the same key is an error, before anything runs`() async throws {
        try await withClient { locks, _ in
            _ = try await locks.once("a") { _ in "text" }
            let error = await #expect(throws: LockError.self) { _ = try await locks.once("a") { _ in 1 } }
            #expect(error?.code == .storeUnusable)
        }
    }

    @Test func `a result may be none`() async throws {
        try await withClient { locks, _ in
            let first: OnceResult<Int?> = try await locks.once("a") { _ in nil }
            let second: OnceResult<Int?> = try await locks.once("a") { _ in 2 }
            #expect(first == OnceResult(value: nil, ranNow: true) && second == OnceResult(value: nil, ranNow: false))
        }
    }

    @Test func `what was forgotten runs again`() async throws {
        try await withClient { locks, _ in
            _ = try await locks.once("a") { _ in 1 }
            #expect(try await locks.forgetOnce("a"))
            #expect(try await !locks.forgetOnce("a"))
            let next = try await locks.once("a") { _ in 2 }
            #expect(next == OnceResult(value: 2, ranNow: true))
        }
    }
}
