public import Holdfast

/// One of several clients' ways to a backend that somebody else runs.
///
/// A backend's `run()` is called once; a view's waits until it is cancelled, so that several clients share one store.
public struct BackendView: LockBackend {
    private let inner: any LockBackend

    public init(_ inner: any LockBackend) { self.inner = inner }

    public var capabilities: BackendCapabilities { inner.capabilities }
    public func run() async throws { _ = await Signal().wait() }

    public func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        try await inner.place(claim, condition)
    }
    public func grant(of id: Claim.ID) async throws(LockError) -> Grant { try await inner.grant(of: id) }
    public func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        try await inner.extend(ids, for: timeToLive)
    }
    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal { try await inner.remove(id) }
    public func ask(_ id: Claim.ID) async throws(LockError) -> Removal { try await inner.ask(id) }
    public func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        try await inner.annotate(id, with: note)
    }
    public var records: (any RecordStore)? { inner.records }
    public func claims(on key: LockKey, limit: Int) async throws(LockError) -> [ClaimRecord] {
        try await inner.claims(on: key, limit: limit)
    }

    public func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        try await inner.claims(withPrefix: prefix, limit: limit)
    }
    public func hints() -> AsyncStream<[Claim.ID]> { inner.hints() }
}
