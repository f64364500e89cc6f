import Holdfast
import HoldfastTesting
import Synchronization

/// A backend whose records break their word: for proving that a test would notice.
final class ForgetfulStore: LockBackend, RecordStore {
    enum Fault: Sendable {
        /// Every write is done, whatever it expects.
        case losesVersions
        /// The first of five writes is acknowledged, and not done.
        case forgetsWrites
        /// The first of three reads sees nothing.
        case forgetsReads
    }

    private let inner: any LockBackend
    private let view: BackendView
    private let fault: Fault
    private let calls = Mutex(0)

    init(_ inner: any LockBackend, _ fault: Fault) {
        self.inner = inner
        view = BackendView(inner)
        self.fault = fault
    }

    private func happens(every number: Int) -> Bool {
        calls.withLock { calls in
            calls += 1
            return calls % number == 1
        }
    }

    var capabilities: BackendCapabilities { inner.capabilities }
    func run() async throws { try await inner.run() }
    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        try await view.place(claim, condition)
    }
    func grant(of id: Claim.ID) async throws(LockError) -> Grant { try await view.grant(of: id) }
    func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        try await view.extend(ids, for: timeToLive)
    }
    func remove(_ id: Claim.ID) async throws(LockError) -> Removal { try await view.remove(id) }
    func ask(_ id: Claim.ID) async throws(LockError) -> Removal { try await view.ask(id) }
    func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        try await view.annotate(id, with: note)
    }
    func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        try await view.claims(withPrefix: prefix, limit: limit)
    }
    func hints() -> AsyncStream<[Claim.ID]> { view.hints() }

    var records: (any RecordStore)? { self }

    func read(_ key: LockKey) async throws(LockError) -> Record? {
        guard let records = inner.records, fault != .forgetsReads || !happens(every: 3) else { return nil }
        return try await records.read(key)
    }

    func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite {
        guard let records = inner.records else { return .conflict }
        if fault == .forgetsWrites, happens(every: 5) { return .written(Record.Version("none")) }
        guard fault == .losesVersions else {
            return try await records.write(value, to: key, expecting: expected, timeToLive: timeToLive)
        }
        while true {
            let present = try await records.read(key)?.version
            let write = try await records.write(value, to: key, expecting: present, timeToLive: timeToLive)
            if write != .conflict { return write }
        }
    }

    func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
        guard let records = inner.records else { return false }
        return try await records.delete(key, expecting: expected)
    }
}
