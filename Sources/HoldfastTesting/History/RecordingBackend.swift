public import Holdfast
import Synchronization

/// A backend whose verbs are written down, with all of its claims before and after each.
///
/// For backends whose verbs and listings do not suspend, so that nothing comes between the three: in a simulation.
public final class RecordingBackend: LockBackend {
    /// The most claims that are compared.
    private static let claimsLimit = 10_000

    private let inner: any LockBackend
    private let recorder: HistoryRecorder
    /// What was held and waiting after the last verb, with what was told of it.
    private let known = Mutex<[Claim.ID: FencingToken?]>([:])

    public init(_ inner: any LockBackend, recorder: HistoryRecorder) {
        self.inner = inner
        self.recorder = recorder
    }

    public var capabilities: BackendCapabilities { inner.capabilities }
    public func run() async throws { try await inner.run() }
    public func hints() -> AsyncStream<[Claim.ID]> { inner.hints() }

    public func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        let before = try await states()
        let placement = try await inner.place(claim, condition)
        try await note(.place(claim.id), before: before, placed: placement == .refused ? nil : claim)
        return placement
    }

    public func grant(of id: Claim.ID) async throws(LockError) -> Grant { try await inner.grant(of: id) }

    public func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        let before = try await states()
        let outcome = try await inner.extend(ids, for: timeToLive)
        try await note(.extend(ids), before: before)
        return outcome
    }

    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        let before = try await states()
        let removal = try await inner.remove(id)
        try await note(.remove(id), before: before)
        return removal
    }

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

    private func states() async throws(LockError) -> [ClaimState] {
        try await inner.claims(withPrefix: "", limit: Self.claimsLimit).map { ClaimState($0) }
    }

    /// Records the verb, and what it and the time since the last one did to the claims.
    private func note(_ verb: HistoryEvent.Verb, before: [ClaimState], placed: Claim? = nil) async throws(LockError) {
        let after = try await states()
        let isNow = Dictionary(after.map { ($0.id, $0.token) }) { first, _ in first }
        var kinds: [HistoryEvent.Kind] = []
        let was = Set(before.map(\.id))
        known.withLock { known in
            // Who expired before the verb is gone, also where the verb placed it anew at the end of the queue.
            for id in known.keys.sorted() where isNow[id] == nil || !was.contains(id) {
                kinds.append(.gone(id))
                known[id] = nil
            }
            if let placed, known[placed.id] == nil { kinds.append(.placed(placed.id, parts: placed.parts)) }
            let granted = isNow.compactMap { id, token in token.flatMap { (known[id] ?? nil) == nil ? (id, $0) : nil } }
            for (id, token) in granted.sorted(by: { $0.1 < $1.1 }) { kinds.append(.granted(id, token: token)) }
            known = isNow
        }
        for kind in kinds { recorder.record(kind) }
        recorder.record(.verb(verb, before: before, after: after))
    }
}
