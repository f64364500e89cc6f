import Holdfast
import HoldfastTesting
import Synchronization
import Testing

/// What an observer is told when the store cannot be asked, on virtual time.
@Suite struct LeaderStatesTests {
    private static let interval: Duration = .seconds(1)

    private struct News: Equatable {
        let at: Duration
        let text: String

        init(_ state: LeaderState, at: Duration) {
            self.at = at
            switch state {
            case .leader(let candidate): text = candidate.proposal
            case .none: text = "none"
            case .unknown: text = "unknown"
            }
        }
    }

    @Test func `a leader that cannot be seen is unknown after three intervals, and told again when it can`() throws {
        let scheduler = SimulationScheduler(seed: 1)
        let (clock, time) = (scheduler.clock, Timekeeper(scheduler.clock))
        let store = MemoryBackend(clock: clock)
        let line = FaultyBackend(store, seed: 1, plan: .none, clock: clock)
        let (leading, observing) = (
            LockClient(backend: BackendView(store), clock: clock), LockClient(backend: BackendView(line), clock: clock)
        )
        let cutAt: Duration = .milliseconds(10_300)
        let outcome = scheduler.run { () -> [News] in
            let told = Told()
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await store.run() }
                for client in [leading, observing] { group.addTask { try? await client.run() } }
                group.addTask {
                    try? await leading.election("e").withLeadership(proposal: "leader") { _ in
                        try await time.sleep(until: .seconds(100))
                    }
                }
                group.addTask {
                    guard (try? await time.sleep(until: cutAt)) != nil else { return }
                    line.setCut(true)
                    guard (try? await time.sleep(until: .seconds(20))) != nil else { return }
                    line.setCut(false)
                }
                group.addTask {
                    guard (try? await time.sleep(until: .milliseconds(10))) != nil else { return }
                    // The test judges what is told, and no error is.
                    try? await Self.observe(observing, told, time)
                }
                try? await time.sleep(until: .seconds(30))
                group.cancelAll()
            }
            return told.news
        }
        guard case .finished(let news) = outcome else { throw Unfinished() }
        #expect(news.map(\.text) == ["leader", "unknown", "leader"])
        try #require(news.count == 3)
        #expect(news[1].at > cutAt && news[1].at <= cutAt + Self.interval * 3)
        #expect(news[2].at >= .seconds(20) && news[2].at <= .seconds(20) + Self.interval * 2)
    }

    @Test func `an interval that is too short is an invalid argument`() async throws {
        let locks = LockClient(backend: MemoryBackend())
        var states = locks.election("e").leaders(every: .milliseconds(1)).makeAsyncIterator()
        let error = await #expect(throws: LockError.self) { _ = try await states.next() }
        #expect(error?.code == .invalidArgument)
    }

    private static func observe(_ client: LockClient, _ told: Told, _ time: Timekeeper) async throws {
        for try await state in client.election("e").leaders(every: interval) { told.add(News(state, at: time.now)) }
    }

    private final class Told: Sendable {
        private let stored = Mutex<[News]>([])
        var news: [News] { stored.withLock { $0 } }
        func add(_ news: News) { stored.withLock { $0.append(news) } }
    }

    private struct Unfinished: Error {}
}
