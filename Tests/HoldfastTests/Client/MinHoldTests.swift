import HoldfastTesting
import Testing

@testable import Holdfast

@Suite(.timeLimit(.minutes(1))) struct MinHoldTests {
    private let clock = TestClock()

    private func withClient<R: Sendable>(_ body: @escaping @Sendable (LockClient) async throws -> R) async throws -> R {
        try await LockClient.withClient(backend: MemoryBackend(clock: clock), clock: clock, body)
    }

    private func isFree(_ key: LockKey, _ locks: LockClient) async throws -> Bool {
        guard let owned = try await locks.tryAcquire(key) else { return false }
        try await owned.release()
        return true
    }

    /// Lets time pass, and has the claim of 3 s renewed on the way: a third of it has passed after each second.
    private func pass(_ seconds: Int, _ locks: LockClient) async throws {
        for _ in 0..<seconds {
            clock.advance(by: .seconds(1))
            while let claim = try await locks.claims().first, claim.remaining <= .seconds(2) { await Task.yield() }
        }
    }

    @Test func `the result comes at once, and the lock stays until its time, beyond its time to live`() async throws {
        try await withClient { locks in
            let options = LockOptions(timeToLive: .seconds(3), minHold: .seconds(50))
            let result = try await locks.withLock("a", options: options) { _ in 1 }
            #expect(result == 1 && clock.now.offset == .zero)
            try await pass(49, locks)
            #expect(try await !isFree("a", locks))
            clock.advance(by: .seconds(1))
            while try await !isFree("a", locks) { await Task.yield() }
        }
    }

    @Test func `a body that throws keeps the lock, too`() async throws {
        struct Broken: Error {}
        try await withClient { locks in
            await #expect(throws: Broken.self) {
                try await locks.withLock("a", options: LockOptions(minHold: .seconds(5))) { _ in throw Broken() }
            }
            #expect(try await !isFree("a", locks))
            clock.advance(by: .seconds(5))
            while try await !isFree("a", locks) { await Task.yield() }
        }
    }

    @Test func `a body that takes longer has the lock released at its end`() async throws {
        try await withClient { locks in
            try await locks.withLock("a", options: LockOptions(minHold: .seconds(5))) { _ in
                clock.advance(by: .seconds(5))
            }
            #expect(try await isFree("a", locks))
        }
    }

    @Test func `who asks for it has it before its time`() async throws {
        try await withClient { locks in
            let id = try await locks.withLock("a", options: LockOptions(minHold: .seconds(50))) { $0.id }
            #expect(try await locks.ask(id) == .removed)
            while try await !isFree("a", locks) { await Task.yield() }
            #expect(clock.now.offset < .seconds(50))
        }
    }

    @Test func `a graceful shutdown waits for it, a cancelled client does not`() async throws {
        let backend = MemoryBackend(clock: clock)
        let other = BackendView(backend)
        for isGraceful in [true, false] {
            let locks = LockClient(backend: isGraceful ? BackendView(backend) : backend, clock: clock)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await locks.run() }
                try await locks.withLock("a", options: LockOptions(minHold: .seconds(20))) { _ in }
                guard isGraceful else { return group.cancelAll() }
                locks.shutDown()
                clock.advance(by: .seconds(19))
                for _ in 0..<100 { await Task.yield() }
                #expect(try await other.claims(withPrefix: "a", limit: 1).count == 1)
                clock.advance(by: .seconds(1))
                try await group.waitForAll()
                #expect(try await other.claims(withPrefix: "a", limit: 1).isEmpty)
            }
        }
    }

    @Test func `what makes no sense is an error at the door`() async throws {
        try await withClient { locks in
            for options in [
                LockOptions(minHold: .zero), LockOptions(maxHold: .seconds(1), minHold: .seconds(2)),
            ] {
                let error = await #expect(throws: LockError.self) {
                    try await locks.withLock("a", options: options) { _ in }
                }
                #expect(error?.code == .invalidArgument)
            }
            let error = await #expect(throws: LockError.self) {
                _ = try await locks.acquire("a", options: LockOptions(minHold: .seconds(1)))
            }
            #expect(error?.code == .invalidArgument)
        }
    }
}
