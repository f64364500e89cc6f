/// Versioned records: what a backend keeps beside its claims, so that a lock can be avoided.
///
/// Each verb is one step in the store, and at most one round trip, but for what is to be done around it at times. etcd
/// first grants a lease, which records of about the same life share; ZooKeeper makes a folder, and deletes a record
/// that is over; SQL servers make tables on first use, and what they broke off is tried again.
///
/// Every verb throws ``LockError/Code/unavailable`` where the outcome is unknown, and ``LockError/Code/cancelled``
/// where its task was cancelled before it was known: a write may have been done, then. Reads are linearizable: they
/// see every write that was acknowledged before.
public protocol RecordStore: Sendable {
    /// The record of `key`; `nil` where there is none, or its life is over.
    func read(_ key: LockKey) async throws(LockError) -> Record?

    /// Replaces the record of `key`, where its version is the expected one.
    ///
    /// - Parameters:
    ///   - key: at most ``Record/keyBytesLimit`` bytes, and a few for what it is of.
    ///   - value: at most ``Record/valueBytesLimit`` bytes.
    ///   - expected: `nil` where there must be none.
    ///   - timeToLive: how long the record lives from now, at least; for ever where it is `nil`.
    func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite

    /// Deletes the record of `key`, where its version is the expected one.
    ///
    /// - Returns: whether it was.
    func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool
}
