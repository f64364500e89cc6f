import Holdfast

/// A backend that keeps claims, and neither notes nor records; or records, and claims of one key that cannot be listed,
/// as a database's named locks.
struct PlainBackend: LockBackend {
    private let inner: MemoryBackend
    let capabilities: BackendCapabilities
    let records: (any RecordStore)?

    init(_ inner: MemoryBackend) {
        self.inner = inner
        capabilities = Self.capabilities
        records = nil
    }

    /// - Parameter inner: keeps the records, too.
    init(named inner: MemoryBackend) {
        self.inner = inner
        var capabilities = Self.capabilities
        capabilities.supportsRecords = true
        capabilities.supportsListing = false
        capabilities.isFIFO = false
        capabilities.supportsPermits = false
        capabilities.supportsPaths = false
        capabilities.keysPerClaimLimit = 1
        self.capabilities = capabilities
        records = inner.records
    }

    static var capabilities: BackendCapabilities {
        var capabilities = MemoryBackend().capabilities
        capabilities.supportsNotes = false
        capabilities.supportsRecords = false
        return capabilities
    }

    func run() async throws { try await inner.run() }
    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        try await inner.place(claim, condition)
    }
    func grant(of id: Claim.ID) async throws(LockError) -> Grant { try await inner.grant(of: id) }
    func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        try await inner.extend(ids, for: timeToLive)
    }
    func remove(_ id: Claim.ID) async throws(LockError) -> Removal { try await inner.remove(id) }
    func ask(_ id: Claim.ID) async throws(LockError) -> Removal { try await inner.ask(id) }
    func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        try await inner.claims(withPrefix: prefix, limit: limit)
    }
}
