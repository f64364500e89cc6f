/// The times that follow from a time to live. Written once, so that client and docs agree.
package struct LeaseTiming: Sendable, Equatable {
    package let timeToLive: Duration

    package init(timeToLive: Duration) { self.timeToLive = timeToLive }

    /// How far clocks may differ in rate: 1 %.
    private static let driftPercent = 1
    private static let marginPercent = 5
    private static let shortestMargin: Duration = .milliseconds(50)

    /// What the holder gives away at the end of its lease, so as to stop believing before the backend stops
    /// guaranteeing.
    package var margin: Duration { max(Self.shortestMargin, timeToLive * Self.marginPercent / 100) }
    /// How long a holder may rely on the claim, from the sending of an acknowledged request.
    package var guaranteed: Duration { timeToLive - timeToLive * Self.driftPercent / 100 - margin }
    /// A grant with less than this left is not worth having.
    package var usefulMinimum: Duration { margin * 2 }
    package var renewalInterval: Duration { timeToLive / 3 }
    /// Between two attempts where a renewal failed.
    package var retryInterval: Duration { timeToLive / 15 }
    /// Without an acknowledged renewal for this long, a lease is at risk.
    package var riskInterval: Duration { timeToLive * 2 / 3 }
    /// How long one renewal request may take.
    package var requestLimit: Duration { min(timeToLive / 3, .seconds(10)) }
}
