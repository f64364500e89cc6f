/// The view of a held claim: what the body of `withLock` gets, and what may be copied into its child tasks.
///
/// A lease does not release anything; an ``OwnedLease`` does, and `withLock` when its body has ended.
public struct Lease: Sendable {
    let state: LeaseState
    let client: LockClient

    /// The claim's id, as listings show it.
    public var id: Claim.ID { state.claim.id }

    /// What is held: one or several keys, sorted by their bytes.
    public var parts: [Claim.Part] { state.claim.parts }

    /// The first of the keys; of a path, the path itself and none of its ancestors.
    public var key: LockKey { state.claim.key }

    /// The fencing token: carry it to the resource that the lock protects.
    public var token: FencingToken { state.token }

    /// Until when the owner may rely on the lock, unless it is renewed. Past it, ``isHeld`` is false for ever.
    public var deadline: ContinuousClock.Instant { ContinuousClock.now + remaining }

    /// How long the owner may rely on the lock, unless it is renewed; zero where it is lost or released.
    public var remaining: Duration { state.remaining(now: client.time.now) }

    /// Whether the lock is held, by the owner's own clock. True may be over when you act on it: only the token orders.
    public var isHeld: Bool { remaining > .zero }

    /// Waits for the loss of the lock.
    ///
    /// - Returns: why it was lost; `nil` where it was released first, or the waiting task was cancelled.
    public func whenLost() async -> LeaseLoss? { await state.whenOver() }

    /// Chooses another time to live, from now on. A shorter one lowers the deadline before anything is sent.
    ///
    /// One round trip. The lease is renewed by itself: this is for a critical section that needs longer pauses.
    ///
    /// - Parameter timeToLive: in the bounds of the client's configuration: 1 s to 24 h by default.
    /// - Throws: ``LockError/Code/invalidArgument``; ``LockError/Code/leaseLost``; ``LockError/Code/unavailable`` where
    ///   the outcome is unknown: the deadline did not move, and the renewal goes on trying.
    public func extend(for timeToLive: Duration) async throws(LockError) {
        try await client.extend(state, for: timeToLive)
    }
}
