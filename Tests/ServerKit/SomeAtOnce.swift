/// Runs trials of which no clock decides the outcome, some at once: most of the time each waits for its store.
///
/// ```swift
/// try await someAtOnce(1...20) { seed in try await ModelTest.run(harness, seed: seed) }
/// ```
package func someAtOnce(
    _ seeds: ClosedRange<UInt64>, atOnce: Int = 4, _ trial: @escaping @Sendable (UInt64) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for (index, seed) in seeds.enumerated() {
            if index >= atOnce { try await group.next() }
            group.addTask { try await trial(seed) }
        }
        try await group.waitForAll()
    }
}
