import Holdfast
import HoldfastTesting
import Synchronization

/// How a detector may err, by what it is told of the store.
enum DeadlockMutant: CaseIterable {
    /// Everybody seems to wait for everybody: circles are reported that are not there.
    case phantom
    /// Each believes that it was placed last, and who gives way takes its time: two of one circle give way.
    case everybodyIsLast
}

/// One client's way to a store that tells it what is not so.
struct DeadlockMutantView: LockBackend {
    private let store: MemoryBackend
    private let mutant: DeadlockMutant
    private let threshold: Duration
    private let time: Timekeeper
    private let own = Own()

    private final class Own: Sendable {
        let claims = Mutex<Set<Claim.ID>>([])
    }

    init(
        _ store: MemoryBackend, _ mutant: DeadlockMutant, threshold: Duration,
        clock: some Clock<Duration> = ContinuousClock()
    ) {
        self.store = store
        self.mutant = mutant
        self.threshold = threshold
        time = Timekeeper(clock)
    }

    var capabilities: BackendCapabilities { store.capabilities }
    var records: (any RecordStore)? { store.records }
    func run() async throws { _ = await Signal().wait() }
    func hints() -> AsyncStream<[Claim.ID]> { store.hints() }

    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        own.claims.withLock { _ = $0.insert(claim.id) }
        return try await store.place(claim, condition)
    }
    func grant(of id: Claim.ID) async throws(LockError) -> Grant { try await store.grant(of: id) }
    func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        try await store.extend(ids, for: timeToLive)
    }
    func ask(_ id: Claim.ID) async throws(LockError) -> Removal { try await store.ask(id) }
    func remove(_ id: Claim.ID) async throws(LockError) -> Removal { try await store.remove(id) }

    /// Where all give way, each takes back what it said, and then goes, when the others have looked.
    func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        if mutant == .everybodyIsLast, note.waits.isEmpty {
            try? await time.sleep(until: time.now + threshold * 3)
        }
        return try await store.annotate(id, with: note)
    }

    func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        let all = mutant == .phantom ? try await store.claims(withPrefix: "", limit: limit) : []
        let waiting = all.filter { !$0.isHeld }
        var records = try await store.claims(withPrefix: prefix, limit: limit)
        for index in records.indices { records[index].note = try note(records[index], waiting) }
        return records
    }

    private func note(_ record: ClaimRecord, _ waiting: [ClaimRecord]) throws(LockError) -> ClaimNote {
        switch mutant {
        case .phantom:
            guard record.isHeld else { return record.note }
            return try ClaimNote("", waits: waiting.map { .init(claim: $0.id, key: $0.key, since: 1) })
        case .everybodyIsLast:
            let mine = own.claims.withLock { $0 }
            let waits = record.note.waits.map { wait in
                ClaimNote.Wait(claim: wait.claim, key: wait.key, since: mine.contains(wait.claim) ? wait.since : 0)
            }
            return try ClaimNote("", waits: waits)
        }
    }
}
