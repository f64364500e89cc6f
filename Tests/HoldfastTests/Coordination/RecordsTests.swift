import Holdfast
import HoldfastTesting
import Testing

@Suite(.timeLimit(.minutes(1))) struct RecordsTests {
    private func withClient<R: Sendable>(
        _ plan: FaultPlan = .none, _ body: @escaping @Sendable (LockClient, FaultyBackend) async throws -> R
    ) async throws -> R {
        let backend = FaultyBackend(MemoryBackend(), seed: 1, plan: plan)
        return try await LockClient.withClient(backend: backend) { try await body($0, backend) }
    }

    /// The replies to these verbs are lost, without delay.
    private static func losing(_ verbs: FaultPlan.Verb..., requests: Bool = false) -> FaultPlan {
        var plan = FaultPlan()
        plan.patience = .zero
        for verb in verbs {
            plan.exceptions[verb] =
                requests ? FaultPlan.Rates(requestsDropped: 1000) : FaultPlan.Rates(repliesDropped: 1000)
        }
        return plan
    }

    @Test func `an update costs a read and a write`() async throws {
        try await withClient { locks, backend in
            let sum = try await locks.records.update("a") { (sum: Int?) in (sum ?? 41) + 1 }
            #expect(sum == 42)
            #expect(backend.counts.calls == 2)
            do { let sum = try await locks.records.read("a", as: Int.self); #expect(sum == 42) }
            #expect(backend.counts.calls == 3)
        }
    }

    @Test func `who writes in between has the value computed anew`() async throws {
        try await withClient { locks, _ in
            var calls: [Int?] = []
            let sum = try await locks.records.update("a") { (sum: Int?) in
                calls.append(sum)
                if sum == nil { try await locks.records.update("a") { (_: Int?) in 7 } }
                return (sum ?? 0) + 1
            }
            #expect(calls == [nil, 7] && sum == 8)
        }
    }

    @Test func `with too many conflicts it fails, and changes nothing`() async throws {
        try await withClient { locks, _ in
            let error = await #expect(throws: LockError.self) {
                try await locks.records.update("a", options: UpdateOptions(attemptsLimit: 2)) { (sum: Int?) in
                    try await locks.records.update("a") { (other: Int?) in (other ?? 0) + 10 }
                    return (sum ?? 0) + 1
                }
            }
            #expect(error?.code == .conflict && error?.key == "a")
            do { let sum = try await locks.records.read("a", as: Int.self); #expect(sum == 20) }
        }
    }

    @Test func `after the conflicts that were asked for it holds the lock, and releases it`() async throws {
        try await withClient { locks, _ in
            var held: [Int] = []
            try await locks.records.update("a", options: UpdateOptions(locksAfter: 2)) { (sum: Int?) in
                held.append(try await locks.claims().count)
                if held.count < 3 { try await locks.records.update("a") { (other: Int?) in (other ?? 0) + 10 } }
                return (sum ?? 0) + 1
            }
            #expect(held == [0, 0, 1])
            do { let sum = try await locks.records.read("a", as: Int.self); #expect(sum == 21) }
            do { let left = try await locks.claims(); #expect(left.isEmpty) }
        }
    }

    @Test func `under a lock of one's own it does not wait for itself`() async throws {
        try await withClient { locks, _ in
            try await locks.withLock("a") { _ in
                var isFirst = true
                try await locks.records.update("a", options: UpdateOptions(locksAfter: 1)) { (sum: Int?) in
                    if isFirst { try await locks.records.update("a") { (_: Int?) in 10 } }
                    isFirst = false
                    return (sum ?? 0) + 1
                }
            }
            do { let sum = try await locks.records.read("a", as: Int.self); #expect(sum == 11) }
        }
    }

    @Test func `a write whose answer is lost is said to be unknown, and is done once`() async throws {
        try await withClient(Self.losing(.write)) { locks, backend in
            let error = await #expect(throws: LockError.self) {
                try await locks.records.update("a") { (sum: Int?) in (sum ?? 0) + 1 }
            }
            #expect(error?.code == .unavailable && error?.message.contains("may have been changed") == true)
            backend.setPlan(.none)
            do { let sum = try await locks.records.read("a", as: Int.self); #expect(sum == 1) }
        }
    }

    @Test func `a write that never arrived is sent again, and is done once`() async throws {
        try await withClient(Self.losing(.write, requests: true)) { locks, backend in
            try await withThrowingTaskGroup(of: Int?.self) { group in
                group.addTask { try await locks.records.update("a") { (sum: Int?) in (sum ?? 0) + 1 } }
                while backend.counts.requestsDropped == 0 { await Task.yield() }
                backend.setPlan(.none)
                let sum = try await group.next()
                #expect(sum == 1)
            }
            do { let sum = try await locks.records.read("a", as: Int.self); #expect(sum == 1) }
        }
    }

    @Test func `a store that does not answer a read is given up, with nothing changed`() async throws {
        try await withClient(Self.losing(.read)) { locks, backend in
            let error = await #expect(throws: LockError.self) {
                try await locks.records.update("a") { (sum: Int?) in (sum ?? 0) + 1 }
            }
            #expect(error?.code == .unavailable && error?.message.contains("may have been changed") == false)
            #expect(backend.counts.repliesDropped == 5)
        }
    }

    @Test func `a cancelled update throws CancellationError`() async throws {
        try await withClient { locks, _ in
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await locks.records.update("a") { (_: Int?) in
                        while !Task.isCancelled { await Task.yield() }
                        return 1
                    }
                }
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.waitForAll() }
            }
        }
    }

    @Test func `what is out of bounds is an error at the door`() async throws {
        try await withClient { locks, backend in
            func code(_ body: () async throws -> Void) async -> LockError.Code? {
                do { try await body() } catch { return (error as? LockError)?.code }
                return nil
            }
            let long = LockKey(unchecked: String(repeating: "k", count: Record.keyBytesLimit + 1))
            #expect(await code { _ = try await locks.records.read(long, as: Int.self) } == .invalidKey)
            #expect(
                await code { try await locks.records.update("a", timeToLive: .milliseconds(1)) { (_: Int?) in 1 } }
                    == .invalidArgument)
            for options in [UpdateOptions(attemptsLimit: 0), UpdateOptions(locksAfter: 0)] {
                #expect(
                    await code { try await locks.records.update("a", options: options) { (_: Int?) in 1 } }
                        == .invalidArgument)
            }
            #expect(backend.counts.calls == 0)
            let big = String(repeating: "v", count: Record.valueBytesLimit)
            #expect(
                await code { try await locks.records.update("a") { (_: String?) in big } } == .invalidArgument)
            try await locks.records.update("a") { (_: Int?) in 1 }
            #expect(await code { _ = try await locks.records.read("a", as: String.self) } == .storeUnusable)
        }
    }

    @Test func `a record with a life is gone after it`() async throws {
        let clock = TestClock()
        try await LockClient.withClient(backend: MemoryBackend(clock: clock), clock: clock) { locks in
            try await locks.records.update("a", timeToLive: .seconds(10)) { (_: Int?) in 1 }
            clock.advance(by: .seconds(9))
            do { let sum = try await locks.records.read("a", as: Int.self); #expect(sum == 1) }
            clock.advance(by: .seconds(1))
            do { let sum = try await locks.records.read("a", as: Int.self); #expect(sum == nil) }
        }
    }
}
