#if Etcd
import Holdfast

/// What the backend allows itself, by name.
struct ClaimBounds: Sendable {
    var lives = LifeBounds()
    /// A claim's own keys are watched once it has lived so long: shorter ones cost no watch.
    var watchAfter: Duration = .seconds(1)
    /// How long a claim of unknown outcome is kept from being placed: longer than any request is under way.
    var tombstoneLife: Int64 = 600
    /// A tombstone's lease is used for others so long.
    var tombstoneReuse: Duration = .seconds(60)
    /// Leases that records share are forgotten beyond so many, the oldest first.
    var recordLeasesLimit = 128
    /// What ends with one lease, etcd deletes in one step.
    var recordsPerLease = 1_000
    /// Between two attempts where the store cannot be reached.
    var retryPause: Duration = .milliseconds(200)
    /// How often a place is begun anew where its lease turns out to be lost, or the lock changes under it.
    var attemptsLimit = 16
    /// Keys in one page of a search, and keys and names in one transaction that only reads.
    var pageLimit = 1_000
    var readsLimit = 64
    /// Own keys that begin to be watched at once.
    var watchesAtOnce = 64
    /// Keys that an examination looks at, and peers' keys that it names one by one.
    var examinedLimit = 10_000
    var namedLimit = 5
    /// Leases whose time left a listing asks for.
    var listedLeasesLimit = 1_000
    /// How often another client's claim is asked about that somebody awaits here.
    var pollPause: Duration = .milliseconds(50)
}
#endif
