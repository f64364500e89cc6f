/// One kind of server, reached in one way: the five verbs that keep claims, and little more.
///
/// The client owns everything else, once, for all backends: validation, waiting policy, deadlines, renewal, loss.
/// Every verb throws ``LockError/Code/unavailable`` where the outcome is unknown, and ``LockError/Code/cancelled``
/// where its task was cancelled before the outcome was known.
public protocol LockBackend: Sendable {
    var capabilities: BackendCapabilities { get }

    /// The thread on which this backend's answers arrive, where there is one: a task that prefers it awaits them
    /// without a change of thread. Short waits and short sections only; what blocks it delays every answer.
    var executor: (any TaskExecutor)? { get }

    /// Keeps connections and sessions alive; returns when cancelled. Called once, by the client's own `run()`.
    func run() async throws

    /// The same, on behalf of a client: all claims whose ids have its number are placed here, and nowhere else.
    func run(for client: UInt64) async throws

    /// Puts `claim` at the end of its queues; with ``PlaceCondition/ifFree`` only where it would be held at once.
    ///
    /// Idempotent per claim id: a claim that is there already answers how it stands, and lives anew from this call.
    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement

    /// Returns when a waiting claim comes to be held, at once where it is. Cancelling ends the wait, not the claim.
    ///
    /// Never moves a deadline. Throws ``LockError/Code/leaseLost`` where the claim is gone.
    func grant(of id: Claim.ID) async throws(LockError) -> Grant

    /// Makes claims, waiting or held, live for `timeToLive` from now, in as few round trips as the backend allows.
    func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension

    /// Removes a claim, held or waiting. Idempotent, and deaf to cancellation.
    func remove(_ id: Claim.ID) async throws(LockError) -> Removal

    /// Marks a claim so that its owner's next `extend` says that an operator asks it to let go.
    func ask(_ id: Claim.ID) async throws(LockError) -> Removal

    /// Replaces the note of a claim, waiting or held, that was placed here. One round trip.
    ///
    /// - Throws: ``LockError/Code/unsupported`` where `capabilities` says that there are no notes.
    func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal

    /// Versioned records, kept apart from the claims; `nil` where this backend has none.
    var records: (any RecordStore)? { get }

    /// The claims on the keys that begin with `prefix`, by key, then in queue order; at most `limit`.
    func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord]

    /// The claims on one key, in queue order; at most `limit`.
    func claims(on key: LockKey, limit: Int) async throws(LockError) -> [ClaimRecord]

    /// Claims that the client should look at now, by extending them: they were asked for, or are gone.
    ///
    /// A hint and no more; a backend that has nothing to say returns a finished stream. Called once.
    func hints() -> AsyncStream<[Claim.ID]>

    /// Looks at the store as a doctor does: its version, its clock, settings that endanger locks, names that clients of
    /// other libraries hold in a layout of their own. Reads only, and no more than a bounded part of the store.
    func examine() async throws(LockError) -> [Finding]
}

extension LockBackend {
    /// None.
    public var executor: (any TaskExecutor)? { nil }

    /// From a listing of its prefix, and from a longer one where many keys begin as this one does.
    ///
    /// - Throws: ``LockError/Code/limitExceeded`` where they are more than a listing has room for.
    public func claims(on key: LockKey, limit: Int) async throws(LockError) -> [ClaimRecord] {
        // Other keys that continue this one may be listed before it where the store orders them by other bytes.
        for size in [limit, LockClient.listingLimit] {
            let records = try await claims(withPrefix: key.text, limit: size)
            let own = records.filter { $0.key == key }
            let isWhole = records.first?.key == key && records.last?.key != key
            if isWhole || records.count < size || own.count >= limit { return Array(own.prefix(limit)) }
        }
        throw LockError(
            .limitExceeded, "more than \(LockClient.listingLimit) claims on keys that begin so", key: key)
    }

    /// It makes no difference.
    public func run(for client: UInt64) async throws { try await run() }

    public func hints() -> AsyncStream<[Claim.ID]> { AsyncStream { $0.finish() } }

    /// None.
    public func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        throw capabilities.unsupported("keeps no notes with its claims")
    }

    /// None.
    public var records: (any RecordStore)? { nil }

    /// Nothing to tell.
    public func examine() async throws(LockError) -> [Finding] { [] }
}
