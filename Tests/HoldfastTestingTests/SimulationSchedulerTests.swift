import HoldfastTesting
import Synchronization
import Testing

@Suite struct SimulationSchedulerTests {
    private final class Notes: Sendable {
        private let noted = Mutex<[String]>([])
        var all: [String] { noted.withLock { $0 } }
        func add(_ text: String) { noted.withLock { $0.append(text) } }
    }

    /// Ten tasks that sleep and note.
    private static func run(seed: UInt64, interrupts: Bool) -> ([String], UInt64) {
        let scheduler = SimulationScheduler(seed: seed, interrupts: interrupts)
        let clock = scheduler.clock
        let notes = Notes()
        _ = scheduler.run {
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        for step in 0..<3 {
                            await Task.yield()
                            notes.add("\(number).\(step) at \(clock.now.offset)")
                            try? await clock.sleep(until: clock.now.advanced(by: .milliseconds(number % 3)))
                        }
                    }
                }
            }
        }
        return (notes.all, scheduler.eventHash)
    }

    @Test(arguments: [false, true]) func `the same seed gives the same order, another seed another`(interrupts: Bool) {
        let first = Self.run(seed: 1, interrupts: interrupts)
        let again = Self.run(seed: 1, interrupts: interrupts)
        let other = Self.run(seed: 2, interrupts: interrupts)
        #expect(first.0.count == 30)
        #expect(first == again)
        #expect(first.0 != other.0 && first.1 != other.1)
    }

    @Test func `time passes only where nothing is left to do`() {
        let scheduler = SimulationScheduler(seed: 1)
        let outcome = scheduler.run {
            try? await scheduler.clock.sleep(until: TestClock.Instant(offset: .seconds(3600)))
            return scheduler.clock.now.offset
        }
        guard case .finished(.seconds(3600)) = outcome else { Issue.record("\(outcome)"); return }
    }

    @Test func `a task that nobody wakes is found stuck`() {
        let scheduler = SimulationScheduler(seed: 1)
        let (stream, end) = AsyncStream<Void>.makeStream()
        let outcome = scheduler.run { for await _ in stream {} }
        guard case .stuck = outcome else { Issue.record("\(outcome)"); return }
        end.finish()
        while scheduler.step() {}
    }

    @Test func `a paused executor runs nothing until its pause is over`() {
        let scheduler = SimulationScheduler(seed: 1)
        let other = scheduler.makeExecutor()
        let outcome = scheduler.run { () -> Duration in
            scheduler.pause(other, for: .seconds(5))
            return await withTaskGroup(of: Duration.self) { group in
                group.addTask(executorPreference: other) { scheduler.clock.now.offset }
                return await group.next() ?? .zero
            }
        }
        guard case .finished(.seconds(5)) = outcome else { Issue.record("\(outcome)"); return }
    }

    @Test func `numbers from one seed are the same everywhere`() {
        var random = SeededGenerator(seed: 0)
        // The first numbers of SplitMix64 from 0, as published.
        #expect(random.next() == 0xE220_A839_7B1D_CDAF)
        #expect(random.next() == 0x6E78_9E6A_A1B9_65F4)
    }
}
