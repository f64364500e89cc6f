extension LockClient {
    /// Runs `body` while a lock on a path is held, which covers all below it.
    ///
    /// As ``withLock(_:mode:wait:options:_:)``, and of the same cost. Nested in a body that has the path's ancestor,
    /// readers ride on readers, and with `options.reentrant` anybody on an exclusive lock. Two paths of one root that
    /// are nested have that root in common: the second is only tried, and ``LockError/Code/wouldDeadlock`` is thrown
    /// where it is not free; take both in one claim (``LockPath/parts(of:)``).
    ///
    /// - Parameters:
    ///   - path: at most 16 components, 512 bytes with the `/` between them.
    ///   - access: exclusive by default.
    ///   - wait: what to do where another claim blocks the path, an ancestor or what is below; for ever by default.
    ///   - options: what differs from the client's configuration.
    ///   - body: the critical section. Carry `lease.token` to what it protects.
    /// - Throws: as ``withLock(_:mode:wait:options:_:)``; ``LockError/Code/unsupported`` where there are no paths.
    public func withLock<R: Sendable>(
        path: LockPath, _ access: LockPath.Access = .exclusive, wait: Wait = .forever,
        options: LockOptions = LockOptions(), _ body: @escaping @Sendable (Lease) async throws -> R
    ) async throws -> R {
        try await withLock(path.parts(for: access), wait: wait, options: options, body)
    }

    /// Takes a lock on a path, which covers all below it, and hands it to its owner.
    ///
    /// - Parameters:
    ///   - path: at most 16 components, 512 bytes with the `/` between them.
    ///   - access: exclusive by default.
    ///   - wait: what to do where another claim blocks the path, an ancestor or what is below; for ever by default.
    ///   - options: what differs from the client's configuration.
    /// - Throws: as ``acquire(_:mode:wait:options:)``; ``LockError/Code/unsupported`` where the backend has no paths.
    public func acquire(
        path: LockPath, _ access: LockPath.Access = .exclusive, wait: Wait = .forever,
        options: LockOptions = LockOptions()
    ) async throws(LockError) -> OwnedLease {
        try await acquire(path.parts(for: access), wait: wait, options: options)
    }

    /// Takes a lock on a path where it is free now; see ``tryAcquire(_:mode:options:)``.
    public func tryAcquire(
        path: LockPath, _ access: LockPath.Access = .exclusive, options: LockOptions = LockOptions()
    ) async throws(LockError) -> OwnedLease? {
        try await tryAcquire(path.parts(for: access), options: options)
    }
}
