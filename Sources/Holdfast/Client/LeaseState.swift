import Synchronization

/// One claim of a client: its machine behind a lock, and the one task that watches it.
final class LeaseState: Sendable {
    struct Core {
        var machine: ClaimMachine
        var token: FencingToken?
        /// Why the wait ended without a grant.
        var waitEvent: ClaimMachine.Tick.Event?
        /// Boxed, since most leases never have one.
        var waitFailure: (any Error)?
        /// When the client's agenda looks at this claim; see ``Registry``.
        var scheduledAt: Duration?
        /// The task that waits for the grant, then for the end of the body: one at a time.
        var watcher: CheckedContinuation<Void, Never>?
        var watchedPhase = ClaimMachine.Phase.placing
        /// Set where the watcher must look although the phase is as it was.
        var isNudged = false
        /// Set when somebody first asks for it: most leases end without.
        var over: Signal?
        /// The entries of the body into its own lock, innermost last; see ``HeldScope``.
        var entries: [UInt64] = []
        var lastEntry: UInt64 = 0
        /// What the note says, and what is known to stand in the store. Most claims have none.
        var notes: LeaseNotes?
        /// Set while somebody makes it exclusive: one at a time.
        var isUpgrading = false
    }

    let claim: Claim
    private let core: Mutex<Core>

    init(claim: Claim, machine: ClaimMachine) {
        self.claim = claim
        core = Mutex(Core(machine: machine))
    }

    /// Reads or changes the state; wakes whom the change concerns, outside the lock.
    func update<R>(_ body: (inout Core) -> R) -> R {
        let (result, watcher, over) = core.withLock { core in
            let result = body(&core)
            var watcher: CheckedContinuation<Void, Never>?
            if core.watcher != nil, core.isNudged || core.machine.phase != core.watchedPhase {
                watcher = core.watcher.take()
            }
            return (result, watcher, core.isOver ? core.over : nil)
        }
        watcher?.resume()
        over?.set()
        return result
    }

    /// Returns when the phase is no longer `phase`, or the watcher was nudged. Deaf to cancellation.
    func changed(from phase: ClaimMachine.Phase) async {
        await withCheckedContinuation { continuation in
            let isOver = core.withLock { core in
                guard core.machine.phase == phase, !core.isNudged else { return true }
                core.watcher = continuation
                core.watchedPhase = phase
                return false
            }
            if isOver { continuation.resume() }
        }
        core.withLock { $0.isNudged = false }
    }

    func nudge() { update { $0.isNudged = true } }

    var phase: ClaimMachine.Phase { core.withLock { $0.machine.phase } }

    var scheduledAt: Duration? { core.withLock { $0.scheduledAt } }

    /// Notes the next tick in the agenda's stead.
    ///
    /// - Returns: when it is, where that is earlier than the agenda would look.
    func scheduleEarlier() -> Duration? {
        core.withLock { core in
            guard let at = core.machine.nextTick else { return nil }
            if let scheduledAt = core.scheduledAt, scheduledAt <= at { return nil }
            core.scheduledAt = at
            return at
        }
    }

    /// - Returns: whether the agenda's entry counted.
    func unschedule(_ at: Duration) -> Bool {
        core.withLock { core in
            guard core.scheduledAt == at else { return false }
            core.scheduledAt = nil
            return true
        }
    }

    /// Every lease that a caller sees has a token; the placeholder is for claims that were never held.
    var token: FencingToken { core.withLock { $0.token } ?? .unset }

    var loss: LeaseLoss? {
        guard case .lost(let loss) = phase else { return nil }
        return loss
    }

    /// How long the owner may still rely on the claim.
    func remaining(now: Duration) -> Duration {
        core.withLock { $0.machine.isHeld ? max(.zero, $0.machine.deadline - now) : .zero }
    }

    /// Returns when the lease is lost or released, or the task cancelled.
    func whenOver() async -> LeaseLoss? {
        let over = update { core in
            if core.over == nil { core.over = Signal() }
            return core.over
        }
        _ = await over?.wait()
        return loss
    }
}

extension LeaseState.Core {
    fileprivate var isOver: Bool {
        switch machine.phase {
        case .lost, .ended: true
        default: false
        }
    }
}

extension FencingToken {
    /// Never granted: tokens start above it.
    fileprivate static let unset: FencingToken = {
        guard let token = FencingToken(rawValue: 1) else { preconditionFailure("1 is a token") }
        return token
    }()
}
