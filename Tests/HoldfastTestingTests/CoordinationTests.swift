import Holdfast
import HoldfastTesting
import Testing

/// What is built on claims, on the memory backend: the cases that every backend must keep.
@Suite struct CoordinationTests {
    private static let plainCases = (ElectionTrials.cases + SemaphoreTrials.cases + LatchTrials.cases)
        .filter { $0.applies(to: PlainBackend.capabilities) }

    @Test(arguments: ElectionTrials.cases) func `elections keep their promises`(_ rule: ConformanceCase) async throws {
        try await rule.run(.shared(MemoryBackend(), clock: nil))
    }

    @Test(arguments: SemaphoreTrials.cases) func `semaphores keep their promises`(_ rule: ConformanceCase) async throws
    {
        try await rule.run(.shared(MemoryBackend(), clock: nil))
    }

    @Test(arguments: LatchTrials.cases) func `latches keep their promises`(_ rule: ConformanceCase) async throws {
        try await rule.run(.shared(MemoryBackend(), clock: nil))
    }

    @Test(arguments: BarrierTrials.cases) func `barriers keep their promises`(_ rule: ConformanceCase) async throws {
        try await rule.run(.shared(MemoryBackend(), clock: nil))
    }

    /// Nothing of it is placed: the door is where it ends.
    @Test(arguments: plainCases)
    func `a backend without notes and records says so`(_ rule: ConformanceCase) async throws {
        try await rule.run(.shared(PlainBackend(MemoryBackend()), clock: nil))
    }
}
