/// The time since its start, on one clock, and the only way to wait in this library.
///
/// The default is `ContinuousClock`, which also counts while the machine sleeps: a lease does not outlive a suspend.
public struct Timekeeper: Sendable {
    private let read: @Sendable () -> Duration
    private let wait: @Sendable (Duration) async throws -> Void

    public init<C: Clock<Duration>>(_ clock: C) {
        let start = clock.now
        read = { start.duration(to: clock.now) }
        wait = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
    }

    /// How long ago the start was.
    public var now: Duration { read() }

    /// - Throws: `CancellationError` where the task is cancelled.
    public func sleep(until: Duration) async throws { try await wait(until) }
}
