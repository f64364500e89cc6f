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

    let lock: NamedLock
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

    init(_ claim: Claim, _ lock: NamedLock) {
        self.lock = lock
        life = NamedLife.seconds(claim.timeToLive)
    }
}

/// Times to live as servers count them.
package enum NamedLife {
    package static func seconds(_ life: Duration) -> Int {
        Int(clamping: min(longest, max(1, (life.nanoseconds - 1) / 1_000_000_000 + 1)))
    }

    /// A year.
    private static let longest: Int64 = 31_536_000
}

/// One lock's name, and this client's claims on it: one is at the server, the others wait here.
///
/// Used on the loop's thread alone, by its engine.
final class NamedSlot {
    let name: String
    /// Waiting claims, the oldest first.
    var queue: [Claim.ID] = []
    /// Several where they share it, each by a session of its own.
    var holders: Set<Claim.ID> = []
    var isHeldShared = false
    /// Something is under way about this name; what it leads to goes on with the queue.
    var isBusy = false
    /// The session that waits for the lock, while it does, and how.
    var waiter: UInt64?
    var waitsShared = false
    /// Another process has it: to try is in vain.
    var mustWait = false
    var failures = 0

    init(_ name: String) { self.name = name }

    /// Whether a claim would stand behind others of this client, not counting the server's word.
    func isClosed(to lock: NamedLock) -> Bool {
        isBusy || !queue.isEmpty || !holders.isEmpty && !(isHeldShared && lock.isShared)
    }

    /// Whether a session waits for what nobody wants any more.
    func waitsInVain(_ claims: [Claim.ID: NamedClaim]) -> Bool {
        guard waiter != nil else { return false }
        guard let head = queue.first, let claim = claims[head] else { return true }
        return claim.lock.isShared != waitsShared
    }
}
