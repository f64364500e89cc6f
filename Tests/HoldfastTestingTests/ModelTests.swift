import Holdfast
import HoldfastTesting
import Testing

@Suite struct ModelTests {
    @Test(arguments: 0..<60 as Range<UInt64>) func `the memory backend agrees with the claim table`(seed: UInt64)
        async throws
    {
        let clock = TestClock()
        try await ModelTest.run(.shared(MemoryBackend(clock: clock), clock: clock), seed: seed)
    }
}
