import Holdfast
import HoldfastTesting
import Synchronization
import Testing

@Suite struct TestClockTests {
    private final class Notes: Sendable {
        private let noted = Mutex<[Int]>([])
        var all: [Int] { noted.withLock { $0 } }
        func add(_ number: Int) { noted.withLock { $0.append(number) } }
    }

    @Test func `it stands still until it is told to move`() async throws {
        let clock = TestClock()
        #expect(clock.now.offset == .zero)
        try await clock.sleep(until: clock.now)
        clock.advance(by: .seconds(3))
        clock.advance(to: TestClock.Instant(offset: .seconds(1)))
        #expect(clock.now.offset == .seconds(3))
        #expect(clock.nextTimer == nil)
    }

    @Test func `a sleeper wakes when its time has come`() async throws {
        let clock = TestClock()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await clock.sleep(until: clock.now.advanced(by: .seconds(5))) }
            let timer = try await clock.nextTimerScheduled()
            #expect(timer.offset == .seconds(5))
            clock.advance(by: .seconds(4))
            #expect(clock.timersCount == 1)
            clock.advance(by: .seconds(1))
            try await group.waitForAll()
        }
        #expect(clock.timersCount == 0)
    }

    @Test func `a cancelled sleeper leaves no timer`() async throws {
        let clock = TestClock()
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await clock.sleep(until: clock.now.advanced(by: .seconds(5))) }
            _ = try? await clock.nextTimerScheduled()
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.waitForAll() }
        }
        #expect(clock.timersCount == 0)
    }

    @Test func `sleepers wake by deadline, then in the order of their falling asleep`() {
        let scheduler = SimulationScheduler(seed: 1)
        let clock = scheduler.clock
        let notes = Notes()
        let outcome = scheduler.run {
            await withTaskGroup(of: Void.self) { group in
                for (number, seconds) in [(0, 2), (1, 1), (2, 3)] {
                    group.addTask {
                        try? await clock.sleep(until: TestClock.Instant(offset: .seconds(seconds)))
                        notes.add(number)
                    }
                }
            }
        }
        guard case .finished = outcome else { Issue.record("\(outcome)"); return }
        #expect(notes.all == [1, 0, 2])
    }

    @Test func `a skewed clock runs at its rate and steps`() {
        let base = TestClock()
        let fast = SkewedClock(base, ratePPM: 10_000)
        base.advance(by: .seconds(100))
        #expect(fast.now.offset == .seconds(101))
        fast.step(by: .seconds(-50))
        #expect(fast.now.offset == .seconds(51))
        #expect(fast.baseDuration(.seconds(101)) == .seconds(100))
    }
}
