#if MySQL
import Holdfast

/// What this client knows of a claim on a named lock.
struct NamedClaim {
    enum Phase {
        /// Its lock is being tried for the first time.
        case placing
        case waiting
        /// The lock is there; whether it still is, is being asked.
        case confirming
        case held
        case removing
    }

    let name: String
    let key: LockKey
    /// In whole seconds, as the server counts.
    let life: Int
    var phase = Phase.placing
    var session: UInt64?
    var token: FencingToken?
    var isAsked = false
    /// Nobody wants it any more; it is removed when what is under way is over.
    var isDoomed = false
    /// When its owner last heard that it lives.
    var livedAt = ContinuousClock.now
    /// Called when it is gone.
    var enders: [(Removal) -> Void] = []

    init(_ claim: Claim, name: String) {
        self.name = name
        key = claim.parts[0].key
        life = Self.seconds(claim.timeToLive)
    }

    static func seconds(_ life: Duration) -> Int {
        Int(clamping: min(31_536_000, max(1, (life.nanoseconds - 1) / 1_000_000_000 + 1)))
    }
}

/// One lock's name, and this client's claims on it: one is at the server, the others wait here.
///
/// Used on the loop's thread alone, by its engine.
final class NamedSlot {
    let name: String
    /// Waiting claims, the oldest first.
    var queue: [Claim.ID] = []
    var holder: Claim.ID?
    /// Something is under way about this name; what it leads to goes on with the queue.
    var isBusy = false
    /// The session that waits for the lock, while it does.
    var waiter: UInt64?
    /// Another process has it: to try is in vain.
    var mustWait = false
    var failures = 0

    init(_ name: String) { self.name = name }
}
#endif
