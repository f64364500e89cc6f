import Holdfast
import Synchronization

/// A store beside which everything is written down that its listings answered and its records said: what was true, as
/// opposed to what anybody was told.
struct WitnessedBackend: LockBackend {
    final class Log: Sendable {
        struct Write { let at: Duration; let key: LockKey; let value: [UInt8] }
        struct Listing { let at: Duration; let tokens: [FencingToken] }
        private let state = Mutex<(writes: [Write], listings: [Listing])>(([], []))

        var writes: [Write] { state.withLock { $0.writes } }
        var listings: [Listing] { state.withLock { $0.listings } }
        func add(_ write: Write) { state.withLock { $0.writes.append(write) } }
        func add(_ listing: Listing) { state.withLock { $0.listings.append(listing) } }
    }

    let inner: MemoryBackend
    let time: Timekeeper
    let log = Log()
    /// What clients read in the records' stead: for showing that a check would notice.
    var lie: (@Sendable ([UInt8]) -> [UInt8])?
    /// Whether listings leave readers out: for showing the same.
    var hidesReaders = false

    init(clock: TestClock, lie: (@Sendable ([UInt8]) -> [UInt8])? = nil) {
        inner = MemoryBackend(clock: clock)
        time = Timekeeper(clock)
        self.lie = lie
    }

    var capabilities: BackendCapabilities { inner.capabilities }
    func run() async throws { try await inner.run() }
    func hints() -> AsyncStream<[Claim.ID]> { inner.hints() }
    var records: (any RecordStore)? { Records(backend: self) }

    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        try await inner.place(claim, condition)
    }
    func grant(of id: Claim.ID) async throws(LockError) -> Grant { try await inner.grant(of: id) }
    func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        try await inner.extend(ids, for: timeToLive)
    }
    func remove(_ id: Claim.ID) async throws(LockError) -> Removal { try await inner.remove(id) }
    func ask(_ id: Claim.ID) async throws(LockError) -> Removal { try await inner.ask(id) }
    func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        try await inner.annotate(id, with: note)
    }
    func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        let claims = try await inner.claims(withPrefix: prefix, limit: limit)
        log.add(Log.Listing(at: time.now, tokens: claims.compactMap(\.token)))
        return hidesReaders ? claims.filter { !$0.mode.isReader } : claims
    }

    private struct Records: RecordStore {
        let backend: WitnessedBackend

        func read(_ key: LockKey) async throws(LockError) -> Record? {
            guard var record = try await backend.inner.read(key) else { return nil }
            if let lie = backend.lie { record.value = lie(record.value) }
            return record
        }

        func write(
            _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
        ) async throws(LockError) -> RecordWrite {
            let write = try await backend.inner.write(value, to: key, expecting: expected, timeToLive: timeToLive)
            if write != .conflict { backend.log.add(Log.Write(at: backend.time.now, key: key, value: value)) }
            return write
        }

        func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
            try await backend.inner.delete(key, expecting: expected)
        }
    }
}

extension [UInt8] {
    /// The numbers in a record's JSON, in their order.
    var numbers: [Int64] {
        split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            .compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
    }
}
