/// Versioned records in the store of the locks: values that are changed without a lock, by comparing and swapping.
///
/// They are kept apart from the claims: a record of `profile/42` and a lock of `profile/42` know nothing of each other.
/// Values are JSON of at most ``Record/valueBytesLimit`` bytes. As locks do, records need the client's
/// ``LockClient/run()``; while that stops, they can be used until the last lock is released.
///
/// ```swift
/// let visits = try await locks.records.update("visits", as: Int.self) { visits in (visits ?? 0) + 1 }
/// ```
public struct Records: Sendable {
    let client: LockClient

    /// Reads a record. Linearizable; one round trip.
    ///
    /// - Returns: `nil` where there is none, or its life is over.
    /// - Throws: ``LockError/Code/unavailable``; ``LockError/Code/cancelled``; ``LockError/Code/storeUnusable`` where
    ///   the record is no `Value`; ``LockError/Code/invalidKey``; ``LockError/Code/unsupported`` where the backend
    ///   keeps no records; ``LockError/Code/notRunning``.
    public func read<Value: Decodable>(
        _ key: LockKey, as type: Value.Type = Value.self
    ) async throws(LockError) -> Value? {
        let (store, name) = try await client.reachRecord(.user, key)
        guard let record = try await store.read(name) else { return nil }
        let value: Value = try RecordCoding.decode(record.value, for: key)
        return value
    }

    /// Changes a record: reads it, computes the new value, and writes that if nobody wrote meanwhile; else once more.
    ///
    /// Two round trips where nobody else writes. After a conflict it pauses for a time that doubles, less a part by
    /// chance, up to a quarter of a second. A write whose answer is lost is sent again, and is done at most once.
    ///
    /// - Parameters:
    ///   - key: 1 to ``Record/keyBytesLimit`` bytes of UTF-8 without control characters.
    ///   - type: what the value is; where it follows from `change` it may be left out.
    ///   - timeToLive: how long the record lives from this write on, 1 s to 10 years; for ever by default.
    ///   - options: how often it tries, and whether it takes the lock of the key in the end.
    ///   - change: the new value from the present one, which is `nil` where there is none; `nil` deletes the record.
    ///     It may be called many times, and should do nothing but compute.
    /// - Returns: the value that was written.
    /// - Throws: what `change` throws; `CancellationError` where the task was cancelled: the write may have been done.
    ///   Else ``LockError``: ``LockError/Code/conflict`` where others were first each time, and nothing was changed;
    ///   ``LockError/Code/unavailable`` where the store does not answer: whether the write was done is unknown, it was
    ///   not done twice. A value that holds an id of each change lets `change` see that it was done.
    ///   ``LockError/Code/invalidArgument`` for a value that is too long; as ``read(_:as:)``; where the lock is taken,
    ///   as ``LockClient/acquire(_:mode:wait:options:)``.
    @discardableResult
    public func update<Value: Codable>(
        _ key: LockKey, as type: Value.Type = Value.self, timeToLive: Duration? = nil,
        options: UpdateOptions = UpdateOptions(), _ change: (Value?) async throws -> Value?
    ) async throws -> Value? {
        var result: Value?
        try await RecordUpdate.run(client, .user, key, timeToLive: timeToLive, options: options) { bytes in
            let present: Value? = try bytes.map { bytes throws(LockError) in
                try RecordCoding.decode(bytes, for: key)
            }
            result = try await change(present)
            return try result.map { value throws(LockError) in try RecordCoding.encode(value, for: key) }
        }
        return result
    }

    /// Deletes a record. Two round trips where nobody else writes.
    ///
    /// - Returns: whether there was one.
    /// - Throws: as ``update(_:as:timeToLive:options:_:)``.
    @discardableResult
    public func delete(_ key: LockKey) async throws -> Bool {
        try await client.deleteRecord(.user, key)
    }
}

extension LockClient {
    /// Values in the store of the locks that are changed without a lock.
    public var records: Records { Records(client: self) }

    func deleteRecord(_ kind: RecordKind, _ key: LockKey) async throws -> Bool {
        var wasThere = false
        try await RecordUpdate.run(self, kind, key) { bytes in
            wasThere = bytes != nil
            return nil
        }
        return wasThere
    }
}
