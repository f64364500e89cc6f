package import Testing

/// Waits for a state, with a bound.
package func eventually(
    _ what: String, within bound: Duration = .seconds(10), sourceLocation: SourceLocation = #_sourceLocation,
    _ holds: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + bound
    while try await !holds() {
        guard ContinuousClock.now < end else {
            Issue.record("not within \(bound): \(what)", sourceLocation: sourceLocation)
            throw TestFailure("not within \(bound): \(what)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
