/// The times that follow from a time to live. Written once, so that client and docs agree.
package struct LeaseTiming: Sendable, Equatable {
    package let timeToLive: Duration
    /// A three-hundredth of it: of durations, multiplication is cheap and division is not.
    private let unit: Duration

    package init(timeToLive: Duration) {
        self.timeToLive = timeToLive
        unit = timeToLive / 300
    }

    /// How far clocks may differ in rate: 1 %, in units.
    private static let drift = 3
    /// 5 %, in units.
    private static let leastMargin = 15
    private static let shortestMargin: Duration = .milliseconds(50)

    /// What the holder gives away at the end of its lease, so as to stop believing before the backend stops
    /// guaranteeing.
    package var margin: Duration { max(Self.shortestMargin, unit * Self.leastMargin) }
    /// How long a holder may rely on the claim, from the sending of an acknowledged request.
    package var guaranteed: Duration { timeToLive - unit * Self.drift - margin }
    /// A grant with less than this left is not worth having.
    package var usefulMinimum: Duration { margin * 2 }
    package var renewalInterval: Duration { unit * 100 }
    /// Between two attempts where a renewal failed.
    package var retryInterval: Duration { unit * 20 }
    /// Without an acknowledged renewal for this long, a lease is at risk.
    package var riskInterval: Duration { unit * 200 }
    /// How long one renewal request may take.
    package var requestLimit: Duration { min(unit * 100, .seconds(10)) }
}
