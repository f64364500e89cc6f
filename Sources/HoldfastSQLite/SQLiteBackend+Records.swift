#if SQLite
public import Holdfast

/// Records in the same file, which survive boots. Lives end by the wall clock.
extension SQLiteBackend: RecordStore {
    /// No flush, and no turn to write.
    public func read(_ key: LockKey) async throws(LockError) -> Record? {
        try await ask { .readRecord(key, $0) }
    }

    /// One flush, shared with what is written at the same time.
    ///
    /// - Throws: ``LockError/Code/limitExceeded`` where the store has 10,000,000 records.
    public func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite {
        let change = RecordChange(key: key, value: value, expected: expected, timeToLive: timeToLive)
        return try await ask { .writeRecord(change, $0) }
    }

    /// One flush, shared with what is written at the same time.
    public func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
        try await ask { .deleteRecord(key, expected, $0) }
    }
}
#endif
