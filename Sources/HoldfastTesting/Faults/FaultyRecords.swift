import Holdfast

/// The records of a backend behind a bad network.
struct FaultyRecords: RecordStore {
    private let inner: any RecordStore
    private let network: FaultyBackend

    init(_ inner: any RecordStore, behind network: FaultyBackend) {
        self.inner = inner
        self.network = network
    }

    func read(_ key: LockKey) async throws(LockError) -> Record? {
        try await network.call(.read) { () throws(LockError) in try await self.inner.read(key) }
    }

    func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite {
        try await network.call(.write) { () throws(LockError) in
            try await self.inner.write(value, to: key, expecting: expected, timeToLive: timeToLive)
        }
    }

    func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
        try await network.call(.delete) { () throws(LockError) in
            try await self.inner.delete(key, expecting: expected)
        }
    }
}
