#if Etcd
import Holdfast
import Synchronization

/// The claims of this client: where they stand, who awaits them, and which locks somebody here waits for.
final class Roster: Sendable {
    struct State {
        var claims: [Claim.ID: LocalClaim] = [:]
        var lines: [[UInt8]: Line] = [:]
        /// Placed a while ago, and not yet watched for the loss of their own keys; oldest first.
        var unwatched: [(id: Claim.ID, since: Duration)] = []
        var nextUnwatched = 0
        /// Whether the one who watches sleeps until something joins these.
        var watcherSleeps = false
        var tickets: UInt64 = 0
        /// The keys of other clients' claims, as they were found last: where a claim stands never changes.
        var elsewhere: [Claim.ID: [[UInt8]]] = [:]
        /// Removed a short while ago: a late question about one needs no search.
        var departed: Set<Claim.ID> = []
        var departures: [Claim.ID] = []
        var nextDeparture = 0
        /// Names of keys by the stems of their locks, free for other claims; and the claims that have taken one.
        var spares: [[UInt8]: [[UInt8]]] = [:]
        var sparesCount = 0
        var renamed: [[UInt8]: Claim.ID] = [:]
        /// The owner of the last claim, as it is written in the store.
        var owner: (owner: Owner, bytes: [UInt8])?
        /// Rung where the one who watches own keys has something to do.
        let watcherBell: Bell
        /// What changed and is told outside of the lock.
        var effects = Effects()
    }

    /// What follows from a change, for whoever made it.
    struct Effects {
        var answers: [(LocalClaim.Waiter, Result<Grant, LockError>)] = []
        var bells: [Bell] = []
        /// Locks that somebody has to follow now.
        var stems: [[UInt8]] = []
        /// Claims that their client should look at.
        var hints: [Claim.ID] = []
        /// Watches that nobody needs any more.
        var watches: [EtcdWatch] = []
    }

    static let departedLimit = 8192
    static let elsewhereLimit = 4096

    static let gone = LockError(.leaseLost, "the claim was removed, or its lease has ended")
    static let cancelled = LockError(.cancelled, "the task that waited for the grant was cancelled")
    static let awaited = LockError(.invalidArgument, "one task already awaits this claim's grant")

    let time = Timekeeper(ContinuousClock())
    let watcherBell = Bell()
    private let state: Mutex<State>
    private let follow: @Sendable ([UInt8]) -> Void
    private let hint: @Sendable ([Claim.ID]) -> Void

    /// - Parameters:
    ///   - follow: starts to look after a lock that somebody here waits for.
    ///   - hint: tells the client of claims to look at.
    init(follow: @escaping @Sendable ([UInt8]) -> Void, hint: @escaping @Sendable ([Claim.ID]) -> Void) {
        state = Mutex(State(watcherBell: watcherBell))
        self.follow = follow
        self.hint = hint
    }

    /// Reads or changes the state, and tells whom the change concerns.
    func update<R>(_ body: (inout State) -> R) -> R {
        let (result, effects) = state.withLock { state -> (R, Effects?) in
            let result = body(&state)
            guard !state.effects.isEmpty else { return (result, nil) }
            defer { state.effects = Effects() }
            return (result, state.effects)
        }
        guard let effects else { return result }
        for (waiter, answer) in effects.answers { waiter.caller.resume(returning: answer) }
        for bell in effects.bells { bell.ring() }
        for stem in effects.stems { follow(stem) }
        for watch in effects.watches { watch.cancel() }
        if !effects.hints.isEmpty { hint(effects.hints) }
        return result
    }

    /// Waits for the grant of a claim that was placed here.
    ///
    /// - Returns: `nil` where it was not.
    func awaitGrant(of id: Claim.ID) async throws(LockError) -> Grant? {
        let ticket = update { state in
            state.tickets += 1
            return state.tickets
        }
        let result: Result<Grant, LockError>? = await withTaskCancellationHandler {
            await withCheckedContinuation { (caller: CheckedContinuation<Result<Grant, LockError>?, Never>) in
                let isKnown = update { $0.wait(for: id, ticket: ticket, caller) }
                if !isKnown { caller.resume(returning: nil) }
            }
        } onCancel: {
            update { state in
                guard let waiter = state.claims[id]?.waiter, waiter.ticket == ticket else { return }
                state.claims[id]?.waiter = nil
                state.effects.answers.append((waiter, .failure(Self.cancelled)))
            }
        }
        return try result?.get()
    }
}

extension Roster.Effects {
    fileprivate var isEmpty: Bool {
        answers.isEmpty && bells.isEmpty && stems.isEmpty && hints.isEmpty && watches.isEmpty
    }
}
#endif
