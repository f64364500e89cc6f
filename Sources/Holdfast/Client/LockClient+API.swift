extension LockClient {
    /// Takes a lock on one key, and hands it to its owner.
    ///
    /// One round trip where the key is free. Prefer ``withLock(_:mode:wait:options:_:)``: it stops the work when the
    /// lock is lost. An owned lease may be handed on, so it belongs to no task: who acquires a key that it holds by
    /// another owned lease waits for itself, where `withLock` would throw ``LockError/Code/wouldDeadlock``.
    ///
    /// - Parameters:
    ///   - key: 1 to 512 bytes of UTF-8 without control characters.
    ///   - mode: exclusive by default.
    ///   - wait: what to do where another claim blocks the key; waits for ever by default.
    ///   - options: what differs from the client's configuration.
    /// - Throws: ``LockError/Code/busy`` (`wait: .no`), ``LockError/Code/timedOut``, ``LockError/Code/cancelled``,
    ///   ``LockError/Code/wouldDeadlock``, ``LockError/Code/modeConflict``, ``LockError/Code/unavailable``,
    ///   ``LockError/Code/invalidKey``, ``LockError/Code/invalidArgument``, ``LockError/Code/notRunning``. On
    ///   cancellation and time-out the claim is removed before it returns, or, after a bound, in the background.
    public func acquire(
        _ key: LockKey, mode: LockMode = .exclusive, wait: Wait = .forever, options: LockOptions = LockOptions()
    ) async throws(LockError) -> OwnedLease {
        try await acquire([Claim.Part(key, mode)], wait: wait, options: options)
    }

    /// Takes a lock on several keys at one point in the order: all or none, free of deadlock.
    ///
    /// - Parameters:
    ///   - parts: 1 to 64 keys, each with its mode, in any order.
    ///   - wait: what to do where another claim blocks a key; waits for ever by default.
    ///   - options: what differs from the client's configuration.
    /// - Throws: as ``acquire(_:mode:wait:options:)``.
    public func acquire(
        _ parts: [Claim.Part], wait: Wait = .forever, options: LockOptions = LockOptions()
    ) async throws(LockError) -> OwnedLease {
        guard !options.reentrant, options.minHold == nil else {
            throw LockError(.invalidArgument, "an entry into an own lock, and minHold, need a scope: use withLock")
        }
        switch try nesting(of: parts, reentrant: false) {
        case .apart:
            return OwnedLease(Lease(state: try await obtain(plan(parts, wait: wait, options: options)), client: self))
        case .onlyIfFree, .rides:
            return OwnedLease(Lease(state: try await obtainNested(parts, options), client: self))
        }
    }

    /// Takes a lock on one key where it is free now.
    ///
    /// One round trip.
    ///
    /// - Returns: `nil` where another claim blocks the key: contention is not a failure.
    /// - Throws: as ``acquire(_:mode:wait:options:)``, but for `busy` and `timedOut`.
    public func tryAcquire(
        _ key: LockKey, mode: LockMode = .exclusive, options: LockOptions = LockOptions()
    ) async throws(LockError) -> OwnedLease? {
        try await tryAcquire([Claim.Part(key, mode)], options: options)
    }

    /// Takes a lock on several keys where all are free now; see ``tryAcquire(_:mode:options:)``.
    public func tryAcquire(
        _ parts: [Claim.Part], options: LockOptions = LockOptions()
    ) async throws(LockError) -> OwnedLease? {
        do throws(LockError) {
            return try await acquire(parts, wait: .no, options: options)
        } catch {
            guard error.code == .busy else { throw error }
            return nil
        }
    }

    /// The claims on the keys that begin with `prefix`, by key, then in queue order: holders and waiters.
    ///
    /// - Parameters:
    ///   - prefix: the first bytes of the keys; all keys by default.
    ///   - limit: 1 to 100,000 records; 1,000 by default.
    /// - Throws: ``LockError/Code/unsupported`` where the backend cannot list; ``LockError/Code/unavailable``.
    public func claims(withPrefix prefix: String = "", limit: Int = 1000) async throws(LockError) -> [ClaimRecord] {
        guard limit >= 1, limit <= Self.listingLimit else {
            throw LockError(
                .invalidArgument, "a listing has 1 to \(Self.listingLimit) records; \(limit) were asked for")
        }
        guard capabilities.supportsListing else {
            throw capabilities.unsupported("cannot list its claims")
        }
        return try await backend.claims(withPrefix: prefix, limit: limit)
    }

    /// Asks a claim's owner to let go: its lease is lost there, its body cancelled, and the claim removed after that.
    ///
    /// - Returns: whether the claim was there.
    public func ask(_ id: Claim.ID) async throws(LockError) -> Removal { try await backend.ask(id) }

    /// Removes anybody's claim at once, by force.
    ///
    /// The next claim is held from then on, while the owner may go on until it notices: only the token protects.
    ///
    /// - Returns: whether the claim was there.
    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        let removal = try await backend.remove(id)
        look(at: [id])
        return removal
    }

    static let listingLimit = 100_000

    /// Takes a claim that would wait for its own task tree, were it to wait at all.
    func obtainNested(_ parts: [Claim.Part], _ options: LockOptions) async throws(LockError) -> LeaseState {
        do throws(LockError) {
            return try await obtain(plan(parts, wait: .no, options: options))
        } catch {
            guard error.code == .busy else { throw error }
            throw Self.wouldQueueBehindItself(parts.mainKey ?? parts[0].key)
        }
    }
}
