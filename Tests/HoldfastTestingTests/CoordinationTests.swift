import Holdfast
import HoldfastTesting
import Testing

/// What a backend does not allow ends at the door of what is built on it.
@Suite struct CoordinationTests {
    private static let doors = Conformance.cases.filter {
        $0.name.hasPrefix("a backend without") && $0.applies(to: PlainBackend.capabilities)
    }

    @Test(arguments: doors) func `a backend without notes and records says so`(_ rule: ConformanceCase) async throws {
        try await rule.run(.shared(PlainBackend(MemoryBackend()), clock: nil))
    }

    @Test func `there are such cases`() { #expect(Self.doors.count >= 3) }
}
