import Holdfast
import Testing

@Suite(.timeLimit(.minutes(1))) struct LockClientTests {
    private func withClient<R: Sendable>(
        _ body: @escaping @Sendable (LockClient) async throws -> R
    ) async throws -> R {
        try await LockClient.withClient(backend: MemoryBackend(), body)
    }

    @Test func `withLock runs its body under a held lease and releases it`() async throws {
        try await withClient { locks in
            let token = try await locks.withLock("a") { lease in
                #expect(lease.isHeld)
                #expect(lease.remaining > .seconds(20))
                do { let seen = try await locks.claims(); #expect(seen.map(\.token) == [lease.token]) }
                return lease.token
            }
            do { let seen = try await locks.claims(); #expect(seen.isEmpty) }
            let next = try await locks.withLock("a") { $0.token }
            #expect(next > token)
        }
    }

    @Test func `an error of the body passes, and the lock is released`() async throws {
        struct Broken: Error {}
        try await withClient { locks in
            await #expect(throws: Broken.self) { try await locks.withLock("a") { _ in throw Broken() } }
            do { let seen = try await locks.claims(); #expect(seen.isEmpty) }
        }
    }

    @Test func `tryAcquire is nil and wait no is busy where another holds the key`() async throws {
        try await withClient { locks in
            let owned = try await locks.acquire("a")
            let isHeld = try await locks.tryAcquire("a") == nil
            #expect(isHeld)
            let error = await #expect(throws: LockError.self) { try await locks.withLock("a", wait: .no) { _ in } }
            #expect(error?.code == .busy)
            try await owned.release()
            let isFree = try await locks.tryAcquire("a") != nil
            #expect(isFree)
        }
    }

    @Test func `a wait ends in time, and leaves no claim`() async throws {
        try await withClient { locks in
            let owned = try await locks.acquire("a")
            let error = await #expect(throws: LockError.self) {
                _ = try await locks.acquire("a", wait: .upTo(.milliseconds(30)))
            }
            #expect(error?.code == .timedOut)
            do { let seen = try await locks.claims(); #expect(seen.count == 1) }
            try await owned.release()
        }
    }

    @Test func `a cancelled wait leaves no claim`() async throws {
        try await withClient { locks in
            let owned = try await locks.acquire("a")
            let error = await #expect(throws: LockError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { _ = try await locks.acquire("a") }
                    while try await locks.claims().count < 2 { await Task.yield() }
                    group.cancelAll()
                    try await group.next()
                }
            }
            #expect(error?.code == .cancelled)
            do { let seen = try await locks.claims(); #expect(seen.count == 1) }
            try await owned.release()
        }
    }

    @Test func `a cancelled body is still released`() async throws {
        try await withClient { locks in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    _ = try? await locks.withLock("a") { lease in _ = await lease.whenLost() }
                }
                while (try? await locks.claims().count) != 1 { await Task.yield() }
                group.cancelAll()
            }
            do { let seen = try await locks.claims(); #expect(seen.isEmpty) }
        }
    }

    @Test func `a lock that is removed by force cancels its body and throws leaseLost`() async throws {
        try await withClient { locks in
            let error = await #expect(throws: LockError.self) {
                try await locks.withLock("a") { lease in
                    let removal = try await locks.remove(lease.id)
                    #expect(removal == .removed)
                    #expect(await lease.whenLost() == .removed)
                    #expect(!lease.isHeld)
                    while !Task.isCancelled { await Task.yield() }
                }
            }
            #expect(error?.code == .leaseLost)
        }
    }

    @Test func `a holder that is asked lets go, and the next one goes on only after its body`() async throws {
        try await withClient { locks in
            let inside = Tally()
            let error = await #expect(throws: LockError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await locks.withLock("a") { lease in
                            inside.add(1)
                            #expect(await lease.whenLost() == .asked)
                            inside.add(-1)
                        }
                    }
                    while try await locks.claims().isEmpty { await Task.yield() }
                    let id = try await locks.claims()[0].id
                    group.addTask {
                        try await locks.withLock("a") { _ in
                            let overlaps = inside.now > 0
                            #expect(!overlaps)
                        }
                    }
                    while try await locks.claims().count < 2 { await Task.yield() }
                    let answer = try await locks.ask(id)
                    #expect(answer == .removed)
                    var failure: (any Error)?
                    for _ in 0..<2 {
                        do { try await group.next() } catch { failure = error }
                    }
                    if let failure { throw failure }
                }
            }
            #expect(error?.code == .leaseLost)
        }
    }

    @Test func `an owned lease that is dropped is removed in the background`() async throws {
        try await withClient { locks in
            _ = try await locks.acquire("a")
            while try await !locks.claims().isEmpty { await Task.yield() }
        }
    }

    @Test func `a released lease is no longer held, and says so to those who wait for its loss`() async throws {
        try await withClient { locks in
            let owned = try await locks.acquire("a")
            let lease = owned.lease
            async let loss = lease.whenLost()
            try await owned.release()
            #expect(await loss == nil)
            #expect(!lease.isHeld)
            let error = await #expect(throws: LockError.self) { try await lease.extend(for: .seconds(60)) }
            #expect(error?.code == .leaseLost)
        }
    }

    @Test func `an extension gives the lease another life`() async throws {
        try await withClient { locks in
            try await locks.withLock("a") { lease in
                try await lease.extend(for: .seconds(600))
                #expect(lease.remaining > .seconds(500))
                try await lease.extend(for: .seconds(5))
                #expect(lease.remaining < .seconds(5))
                #expect(lease.isHeld)
            }
        }
    }

    @Test(arguments: [.zero, .seconds(-1), .milliseconds(999), .seconds(86_401), .seconds(Int64.max)] as [Duration])
    func `a time to live outside its bounds is refused`(_ timeToLive: Duration) async throws {
        try await withClient { locks in
            let error = await #expect(throws: LockError.self) {
                _ = try await locks.acquire("a", options: LockOptions(timeToLive: timeToLive))
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `64 tasks on one key exclude one another and are served in order`() async throws {
        try await withClient { locks in
            let inside = Tally()
            let count = Tally()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        for _ in 0..<50 {
                            try await locks.withLock("a") { _ in
                                let now = inside.add(1)
                                #expect(now == 1)
                                count.add(1)
                                await Task.yield()
                                inside.add(-1)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let total = count.now
            #expect(total == 3200)
            do { let seen = try await locks.claims(); #expect(seen.isEmpty) }
        }
    }

    @Test func `a client that does not run says so`() async throws {
        var configuration = LockClientConfiguration()
        configuration.startLimit = .milliseconds(20)
        let locks = LockClient(backend: MemoryBackend(), configuration: configuration)
        let error = await #expect(throws: LockError.self) { _ = try await locks.acquire("a") }
        #expect(error?.code == .notRunning)
    }

    @Test func `when run is cancelled, what is held is lost and its body cancelled`() async throws {
        let locks = LockClient(backend: MemoryBackend())
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let error = await #expect(throws: LockError.self) {
                    try await locks.withLock("a") { lease in
                        #expect(await lease.whenLost() == .clientStopped)
                    }
                }
                #expect(error?.code == .leaseLost)
            }
            group.addTask {
                await withTaskGroup(of: Void.self) { inner in
                    inner.addTask { try? await locks.run() }
                    while (try? await locks.claims().count) != 1 { await Task.yield() }
                    inner.cancelAll()
                }
            }
        }
        let error = await #expect(throws: LockError.self) { _ = try await locks.acquire("b") }
        #expect(error?.code == .notRunning)
    }
}
