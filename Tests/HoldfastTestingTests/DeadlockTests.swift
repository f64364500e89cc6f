import Foundation
import Holdfast
import HoldfastTesting
import Testing

/// Task trees that wait for one another, on the memory backend.
@Suite struct DeadlockTests {
    /// Set for the trial of all: `HOLDFAST_DEADLOCK_SEEDS=1000`.
    static let seeds = UInt64(ProcessInfo.processInfo.environment["HOLDFAST_DEADLOCK_SEEDS"] ?? "") ?? 60

    @Test func `of each circle one gives way, and nobody else`() async throws {
        let victims = try await DeadlockTrial.runMany(0..<Self.seeds, atOnce: 20, threshold: .milliseconds(800)) {
            let store = MemoryBackend()
            return { BackendView(store) }
        }
        #expect(victims > Int(Self.seeds) / 4)
    }
}
