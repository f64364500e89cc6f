/// A held claim that its owner releases: what `acquire` and `tryAcquire` return.
///
/// It cannot be copied, and is released once; copy its ``lease`` for tasks that only look. Where it is dropped without
/// a release, the client removes the claim in the background.
public struct OwnedLease: ~Copyable, Sendable {
    public let lease: Lease

    init(_ lease: Lease) { self.lease = lease }

    /// Releases the lock, and returns when the backend has confirmed it. Deaf to cancellation. One round trip.
    ///
    /// - Throws: ``LockError/Code/leaseLost`` where the lock had been lost before;
    ///   ``LockError/Code/unavailable`` where the outcome is unknown: the client goes on removing the claim.
    public consuming func release() async throws(LockError) { try await lease.client.release(lease.state) }

    deinit { lease.client.abandon(lease.state) }
}
