import Synchronization

/// A clock that runs faster or slower than a test clock, and that can step as wall clocks do.
///
/// Leases allow for clocks that differ in rate by 1 %; no lock survives a holder whose clock steps back.
public final class SkewedClock: Clock, Sendable {
    public typealias Instant = TestClock.Instant

    private let base: TestClock
    /// This clock's rate, in millionths of the base clock's.
    private let millionths: Int64
    private let step = Mutex(Duration.zero)

    /// - Parameter ratePPM: how much faster than `base`, in millionths: 10,000 is 1 %.
    public init(_ base: TestClock, ratePPM: Int = 0) {
        self.base = base
        millionths = 1_000_000 + Int64(ratePPM)
    }

    public var now: Instant { Instant(offset: local(base.now.offset)) }
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// Steps this clock by `duration`, forward or back.
    public func step(by duration: Duration) { step.withLock { $0 += duration } }

    /// A duration of the base clock for one of this clock.
    public func baseDuration(_ duration: Duration) -> Duration {
        Duration.nanoseconds(Int64((duration.nanosecondsRounded * 1_000_000) / millionths))
    }

    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        // A step ahead must not wake early, and one back must not wake late: timers count the base clock's time.
        let wait = baseDuration(deadline.offset - now.offset)
        try await base.sleep(until: base.now.advanced(by: wait + .nanoseconds(1)), tolerance: tolerance)
    }

    private func local(_ offset: Duration) -> Duration {
        step.withLock { $0 } + .nanoseconds(offset.nanosecondsRounded / 1_000_000 * millionths)
            + .nanoseconds(offset.nanosecondsRounded % 1_000_000 * millionths / 1_000_000)
    }
}

extension Duration {
    /// Whole nanoseconds, rounded towards zero.
    var nanosecondsRounded: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
