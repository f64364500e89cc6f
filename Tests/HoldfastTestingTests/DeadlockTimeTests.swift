import Holdfast
import HoldfastTesting
import Testing

/// When a circle of two ends, in seconds after the wait that closed it: on virtual time, with a threshold of a second.
@Suite struct DeadlockTimeTests {
    private struct World: Sendable {
        let scheduler = SimulationScheduler(seed: 1)
        let store: MemoryBackend
        let lines: [FaultyBackend]
        let clients: [LockClient]

        init() {
            let clock = scheduler.clock
            let store = MemoryBackend(clock: clock)
            self.store = store
            lines = (0..<3).map { FaultyBackend(store, seed: $0, plan: .none, clock: clock) }
            clients = lines.map { LockClient(backend: BackendView($0), clock: clock) }
        }

        var now: Duration { scheduler.clock.now.offset }

        /// The first holds "x" and then wants "y", the second the other way round, at once.
        ///
        /// - Parameter isCutFor: from when on the first hears nothing for how long; it waits since 0.
        /// - Returns: when the second gave way.
        func end(beside bystander: Bool = false, isCutFor cut: Duration? = nil) throws -> Duration {
            let (first, second, both) = (Signal(), Signal(), Signal())
            let outcome = scheduler.run { () -> Result<Duration, any Error> in
                do {
                    let end = try await withThrowingTaskGroup(of: Duration?.self) { group in
                        group.addTask { try await Self.last { try await store.run() } }
                        for client in clients { group.addTask { try await Self.last { try await client.run() } } }
                        if bystander {
                            group.addTask {
                                try await Self.last {
                                    try await clients[2].withLock("x", mode: .shared) { _ in _ = await both.wait() }
                                }
                            }
                            while try await store.claims(on: "x", limit: 1).isEmpty { await Task.yield() }
                        }
                        group.addTask {
                            try await Self.last {
                                try await clients[0].withLock("x", mode: .shared) { _ in
                                    first.set()
                                    _ = await second.wait()
                                    try await clients[0].withLock("y") { _ in }
                                }
                            }
                        }
                        _ = await first.wait()
                        group.addTask {
                            do {
                                try await clients[1].withLock("y") { _ in
                                    second.set()
                                    while try await store.claims(on: "y", limit: 2).count < 2 { await Task.yield() }
                                    try await clients[1].withLock("x") { _ in }
                                }
                            } catch let error as LockError where error.code == .deadlock {
                                return now
                            }
                            throw Unfinished()
                        }
                        if let cut {
                            group.addTask {
                                let time = Timekeeper(scheduler.clock)
                                try await time.sleep(until: .milliseconds(900))
                                lines[0].setCut(true)
                                try await time.sleep(until: .milliseconds(900) + cut)
                                lines[0].setCut(false)
                                return nil
                            }
                        }
                        defer { group.cancelAll() }
                        while let end = try await group.next() { if let end { return end } }
                        throw Unfinished()
                    }
                    return .success(end)
                } catch {
                    return .failure(error)
                }
            }
            guard case .finished(let result) = outcome else { throw Unfinished() }
            return try result.get()
        }

        private static func last(_ body: () async throws -> Void) async throws -> Duration? {
            try await body()
            return nil
        }
    }

    private struct Unfinished: Error {}

    @Test func `a circle ends half a threshold after it was told`() throws {
        #expect(try World().end() == .milliseconds(1500))
    }

    @Test func `one beside a holder who says nothing ends at the second look`() throws {
        #expect(try World().end(beside: true) == .milliseconds(1750))
    }

    @Test func `who could not say what it waits for says it soon, and not a threshold later`() throws {
        // It hears after half a second that it was not written.
        #expect(try World().end(isCutFor: .milliseconds(300)) == .milliseconds(1750))
    }

    @Test func `who says it after both looks is seen by the third`() throws {
        #expect(try World().end(isCutFor: .milliseconds(900)) == .milliseconds(2750))
    }
}
