import Holdfast
import HoldfastTesting
import Synchronization

/// A backend written a second time, as naively as can be, with one bug or none.
final class MutantBackend: LockBackend {
    struct Entry {
        let claim: Claim
        let placedAt: Duration
        var expiresAt: Duration
        var token: FencingToken?
        var isAsked = false
        var note: ClaimNote
    }

    struct State {
        var entries: [Entry] = []
        var lastToken: Int64 = 0
        var grants = 0
        var removed: [Claim.ID: Claim] = [:]
        var records: [LockKey: StoredRecord] = [:]
        var written: [LockKey: Int] = [:]
        var waiters: [Claim.ID: CheckedContinuation<Result<Grant, LockError>, Never>] = [:]
    }

    let mutant: Mutant?
    let time: Timekeeper
    private let state = Mutex(State())

    init(_ mutant: Mutant?, clock: some Clock<Duration>) {
        self.mutant = mutant
        time = Timekeeper(clock)
    }

    var capabilities: BackendCapabilities {
        BackendCapabilities(
            name: "mutant", guarantee: .singleAuthority, expiry: .timeToLive, supportsNotes: true,
            supportsRecords: true, supportsPaths: true)
    }

    /// Looks for expiries once in a while: nothing else here is timed.
    func run() async throws {
        while true {
            try await time.sleep(until: time.now + .milliseconds(20))
            step { _, _ in }
        }
    }

    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        let result = step { state, now -> Result<Placement, LockError> in
            if let index = state.index(of: claim.id),
                mutant != .placeIsNotIdempotent || state.entries[index].token != nil
            {
                state.entries[index].expiresAt = max(state.entries[index].expiresAt, now + claim.timeToLive)
                return .success(state.entries[index].token.map { .held(Grant(token: $0)) } ?? .waiting())
            }
            if mutant == .placeIsNotIdempotent { state.entries.removeAll { $0.claim.id == claim.id } }
            guard mayMeet(claim, state.entries) else { return .failure(LockError(.modeConflict, "modes conflict")) }
            let life = mutant == .lifeIsHalf ? claim.timeToLive / 2 : claim.timeToLive
            state.entries.append(Entry(claim: claim, placedAt: now, expiresAt: now + life, note: claim.note))
            let isBlocked = isBlocked(state.entries.count - 1, state.entries)
            if condition == .ifFree, isBlocked {
                if mutant != .refusedClaimStays { state.entries.removeLast() }
                return .success(.refused)
            }
            guard !isBlocked, let token = nextToken(&state) else { return .success(.waiting()) }
            state.entries[state.entries.count - 1].token = token
            return .success(.held(Grant(token: token)))
        }
        return try result.get()
    }

    func grant(of id: Claim.ID) async throws(LockError) -> Grant {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = step { state, _ -> Result<Grant, LockError>? in
                    guard let index = state.index(of: id) else { return .failure(Self.gone) }
                    if let token = state.entries[index].token { return .success(Grant(token: token)) }
                    if Task.isCancelled { return .failure(Self.cancelled) }
                    state.waiters[id] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: .failure(Self.cancelled))
        }
        return try result.get()
    }

    func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        step(expires: mutant != .extendKeepsExpired) { state, now in
            var outcome = Extension()
            for id in ids {
                if let index = state.index(of: id) {
                    state.entries[index].expiresAt = max(state.entries[index].expiresAt, now + timeToLive)
                    if state.entries[index].isAsked, mutant != .askIsForgotten { outcome.asked.insert(id) }
                } else if mutant == .extendResurrects, let claim = state.removed[id] {
                    var entry = Entry(
                        claim: claim, placedAt: now, expiresAt: now + timeToLive, note: claim.note)
                    entry.token = nextToken(&state)
                    state.entries.insert(entry, at: 0)
                } else {
                    outcome.gone.insert(id)
                }
            }
            return outcome
        }
    }

    func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        step { state, _ in
            guard mutant != .removalIsForgotten || state.grants % 16 != 15 else { return .removed }
            if let index = state.index(of: id) {
                state.drop(index)
                return mutant == .removalAnswersWrongly ? .absent : .removed
            }
            guard mutant == .removeWithoutCompare, let stale = state.removed[id] else { return .absent }
            // DEL without compare: whoever stands first on the key goes.
            let first = state.entries.firstIndex { entry in entry.claim.parts.contains { $0.key == stale.parts[0].key }
            }
            if let first { state.drop(first) }
            return .absent
        }
    }

    func ask(_ id: Claim.ID) async throws(LockError) -> Removal {
        step { state, _ in
            guard let index = state.index(of: id) else { return .absent }
            state.entries[index].isAsked = true
            return .removed
        }
    }

    func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        step { state, now in
            let records = state.entries.flatMap { entry in
                entry.claim.parts.map { part in
                    ClaimRecord(
                        key: part.key, id: entry.claim.id, mode: part.mode, owner: entry.claim.owner,
                        token: entry.token,
                        age: now - entry.placedAt, remaining: entry.expiresAt - now, isAsked: entry.isAsked,
                        note: entry.note)
                }
            }
            let wanted = records.filter { $0.key.text.utf8.starts(with: prefix.utf8) }
            guard mutant != .listingIsUnordered else { return Array(wanted.reversed().prefix(limit)) }
            // Stable: within a key, in queue order.
            let sorted = wanted.enumerated().sorted { ($0.element.key, $0.offset) < ($1.element.key, $1.offset) }
            return Array(sorted.map(\.element).prefix(limit))
        }
    }

    private static let gone = LockError(.leaseLost, "gone")
    private static let cancelled = LockError(.cancelled, "cancelled")

    /// One verb: expiry, the step, and who is granted by it.
    @discardableResult
    func step<R>(expires: Bool = true, _ body: (inout State, Duration) -> R) -> R {
        var woken: [(CheckedContinuation<Result<Grant, LockError>, Never>, Result<Grant, LockError>)] = []
        let answer = state.withLock { state in
            let now = time.now
            if expires { expire(&state, now: now) }
            let before = state.entries.count
            let answer = body(&state, now)
            if mutant != .noHandOffWithoutRemoval || state.entries.count < before { handOn(&state) }
            for (id, waiter) in state.waiters {
                guard let index = state.index(of: id) else {
                    woken.append((waiter, .failure(Self.gone)))
                    continue
                }
                guard let token = state.entries[index].token else { continue }
                if mutant == .wakeUpIsDropped, state.grants % 3 == 2 { continue }
                woken.append((waiter, .success(Grant(token: token))))
            }
            for id in state.waiters.keys where state.index(of: id) == nil { state.waiters[id] = nil }
            for entry in state.entries where entry.token != nil {
                if mutant == .wakeUpIsDropped, state.grants % 3 == 2 { continue }
                state.waiters[entry.claim.id] = nil
            }
            return answer
        }
        for (waiter, result) in woken { waiter.resume(returning: result) }
        return answer
    }
}

extension MutantBackend.State {
    func index(of id: Claim.ID) -> Int? { entries.firstIndex { $0.claim.id == id } }

    mutating func drop(_ index: Int) {
        let entry = entries.remove(at: index)
        removed[entry.claim.id] = entry.claim
    }
}
