import Holdfast
import HoldfastTesting
import Synchronization
import Testing

/// What a change of leaders costs, and how long it takes: on virtual time, by a network that counts.
@Suite struct ElectionCostTests {
    private static let life: Duration = .seconds(3)

    private struct World: Sendable {
        let scheduler = SimulationScheduler(seed: 1)
        let store: MemoryBackend
        let lines: [FaultyBackend]
        let clients: [LockClient]

        init() {
            let clock = scheduler.clock
            let store = MemoryBackend(clock: clock)
            self.store = store
            lines = (0..<2).map { FaultyBackend(store, seed: $0, plan: .none, clock: clock) }
            clients = lines.map {
                LockClient(
                    backend: BackendView($0), configuration: LockClientConfiguration(timeToLive: life), clock: clock)
            }
        }

        var calls: [Int] { lines.map(\.counts.calls) }
        var now: Duration { scheduler.clock.now.offset }

        /// Runs two clients, of which the first leads until `end`, and the second then.
        func run(
            end: Signal, _ body: @escaping @Sendable (Leader) async throws -> Void,
            whenQueued: @escaping @Sendable () async throws -> Void
        ) throws {
            let outcome = scheduler.run { () -> Result<Void, any Error> in
                do {
                    try await withThrowingTaskGroup(of: Bool.self) { group in
                        group.addTask { try await Self.last { try await store.run() } }
                        for client in clients { group.addTask { try await Self.last { try await client.run() } } }
                        group.addTask {
                            // Lost, in one of the tests.
                            try? await clients[0].election("e").withLeadership(proposal: "first") { _ in
                                _ = await end.wait()
                            }
                            return false
                        }
                        while try await clients[1].election("e").candidates().isEmpty { await Task.yield() }
                        group.addTask {
                            try await clients[1].election("e").withLeadership(proposal: "second", body)
                            return true
                        }
                        while try await clients[1].election("e").candidates().count < 2 { await Task.yield() }
                        try await whenQueued()
                        while let isDone = try await group.next(), !isDone {}
                        group.cancelAll()
                    }
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
            guard case .finished(let result) = outcome else { throw Unfinished() }
            try result.get()
        }

        private static func last(_ body: () async throws -> Void) async throws -> Bool {
            try await body()
            return false
        }
    }

    private struct Unfinished: Error {}

    @Test func `a clean resignation elects the next within two round trips`() throws {
        let world = World()
        let end = Signal()
        let before = Mutex<[Int]>([])
        let sent = Mutex<Int>(-1)
        try world.run(end: end) { _ in
            let calls = world.calls.reduce(0, +)
            sent.withLock { $0 = calls - before.withLock { $0.reduce(0, +) } }
        } whenQueued: {
            before.withLock { $0 = world.calls }
            end.set()
        }
        let count = sent.withLock { $0 }
        #expect((1...2).contains(count), "\(count) messages")
    }

    @Test func `after a crash the next is elected within a time to live and a second`() throws {
        let world = World()
        let cutAt = Mutex<Duration>(.zero)
        let electedAt = Mutex<Duration>(.zero)
        try world.run(end: Signal()) { _ in
            electedAt.withLock { $0 = world.now }
        } whenQueued: {
            // Right after a renewal, when the claim has all of its life before it.
            try await Timekeeper(world.scheduler.clock).sleep(until: .milliseconds(1001))
            world.lines[0].setCut(true)
            cutAt.withLock { $0 = world.now }
        }
        let took = electedAt.withLock { $0 } - cutAt.withLock { $0 }
        #expect(took > .seconds(1) && took <= Self.life + .seconds(1), "\(took)")
    }
}
