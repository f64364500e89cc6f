/// What ``SharedLives`` allow themselves, by name.
package struct LifeBounds: Sendable {
    /// A lease that no claim needs is ended after so long.
    package var idleLimit: Duration = .seconds(60)
    /// Leases of one client: one for each time to live.
    package var leasesLimit = 64
    /// Renewals of one lease that were asked for follow each other no faster than this, once a burst is used up.
    package var longestRenewalPause: Duration = .milliseconds(500)
    package var renewalBurst = 16
    /// Unasked, a lease is renewed so often within its time to live.
    package var renewalsPerLife = 3
    /// After a failure.
    package var retriesPerLife = 15

    package init() {}

    /// Renewals of a lease that were asked for: at most so often, in the long run.
    func renewalPause(_ timeToLive: Duration) -> Duration { min(timeToLive / 60, longestRenewalPause) }

    func renewalInterval(_ timeToLive: Duration) -> Duration { timeToLive / renewalsPerLife }

    func retryInterval(_ timeToLive: Duration) -> Duration { timeToLive / retriesPerLife }
}
