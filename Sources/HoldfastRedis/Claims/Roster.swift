#if Redis
import Holdfast
import Synchronization

/// The claims of this client: where they stand, who awaits them, and when to look after those that wait.
final class Roster: Sendable {
    struct State {
        var claims: [Claim.ID: LocalClaim] = [:]
        var groups: [String: WaitingGroup] = [:]
        var agenda = Agenda<String>()
        var tickets: UInt64 = 0
        /// The keys of other clients' claims, as they were found last: where a claim stands never changes.
        var elsewhere: [Claim.ID: [KeyNames]] = [:]
        /// Removed a short while ago: a late question about one needs no search.
        var departed: Set<Claim.ID> = []
        var departures: [Claim.ID] = []
        var nextDeparture = 0
        /// Until when the keeper of looks sleeps.
        var sleepsUntil: Duration?
        /// The owner of the last claim, as it is written in the store.
        var owner: (owner: Owner, text: String)?
    }

    static let departedLimit = 8192
    static let elsewhereLimit = 4096

    let time = Timekeeper(ContinuousClock())
    let state = Mutex(State())
    /// Rung where a look falls due earlier than the keeper of looks would wake.
    let bell = Bell()

    static let gone = LockError(.leaseLost, "the claim was removed or has expired")
    static let cancelled = LockError(.cancelled, "the task that waited for the grant was cancelled")
    static let awaited = LockError(.invalidArgument, "one task already awaits this claim's grant")

    /// A grant was pushed or found.
    func granted(_ id: Claim.ID, _ token: FencingToken) {
        let waiter = state.withLock { $0.settle(id, .granted(token)) }
        waiter?.caller.resume(returning: .success(Grant(token: token)))
    }

    /// The server has it no more. It is remembered until it is removed: its client may still do so.
    func gone(_ id: Claim.ID) {
        let waiter = state.withLock { $0.settle(id, .gone) }
        waiter?.caller.resume(returning: .failure(Self.gone))
    }

    /// The place said that it waits.
    func waits(_ id: Claim.ID, lookAt: Duration) {
        let mustWake = state.withLock { state in
            guard let claim = state.claims[id], case .placing = claim.phase else { return false }
            state.claims[id]?.phase = .waiting
            return state.join(id, claim.group, lookAt: lookAt)
        }
        if mustWake { bell.ring() }
    }

    /// Forgets a claim that is not in the store.
    func forget(_ id: Claim.ID) {
        let waiter = state.withLock { state in
            let waiter = state.settle(id, .gone)
            state.claims.removeValue(forKey: id)
            state.elsewhere.removeValue(forKey: id)
            state.depart(id)
            return waiter
        }
        waiter?.caller.resume(returning: .failure(Self.gone))
    }

    /// Looks after these as soon as may be.
    func hurry(_ id: Claim.ID) {
        let mustWake = state.withLock { state in
            guard let claim = state.claims[id], claim.isWaiting else { return false }
            return state.hurry(claim.group, now: time.now)
        }
        if mustWake { bell.ring() }
    }

    /// Looks after all: pushes may have been lost.
    func hurryAll() {
        let now = time.now
        state.withLock { state in
            for group in state.groups.keys { _ = state.hurry(group, now: now) }
        }
        bell.ring()
    }

    /// Waits for a grant that is pushed or found.
    func await(_ id: Claim.ID) async throws(LockError) -> Grant {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Result<Grant, LockError>? in
                    guard let claim = state.claims[id] else { return .failure(Self.gone) }
                    switch claim.phase {
                    case .granted(let token), .held(let token): return .success(Grant(token: token))
                    case .gone: return .failure(Self.gone)
                    case .placing, .waiting: break
                    }
                    guard !Task.isCancelled else { return .failure(Self.cancelled) }
                    guard claim.waiter == nil else { return .failure(Self.awaited) }
                    state.claims[id]?.waiter = LocalClaim.Waiter(ticket: ticket, caller: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> LocalClaim.Waiter? in
                guard let waiter = state.claims[id]?.waiter, waiter.ticket == ticket else { return nil }
                state.claims[id]?.waiter = nil
                return waiter
            }
            waiter?.caller.resume(returning: .failure(Self.cancelled))
        }
        return try result.get()
    }
}

extension Roster.State {
    /// How a claim stands now. Whoever awaited it is handed over, to be told outside of the lock.
    mutating func settle(_ id: Claim.ID, _ phase: LocalClaim.Phase) -> LocalClaim.Waiter? {
        guard let index = claims.index(forKey: id) else { return nil }
        let before = claims.values[index].phase
        // What is gone stays gone; and the first grant is the grant.
        if case .gone = before { return nil }
        if claims.values[index].isHeld, case .granted = phase { return nil }
        claims.values[index].phase = phase
        let waiter = claims.values[index].waiter
        claims.values[index].waiter = nil
        if case .waiting = before { leaveGroup(claims.values[index].group) }
        return waiter
    }

    /// - Returns: whether the keeper of looks must wake.
    mutating func join(_ id: Claim.ID, _ group: String, lookAt: Duration) -> Bool {
        guard groups[group] == nil else {
            groups[group]?.add(id)
            return false
        }
        var fresh = WaitingGroup()
        fresh.add(id)
        fresh.nextLook = lookAt
        groups[group] = fresh
        return schedule(group, at: lookAt)
    }

    private mutating func leaveGroup(_ name: String) {
        guard let index = groups.index(forKey: name) else { return }
        groups.values[index].leave { claims[$0]?.isWaiting == true }
        if groups.values[index].count == 0 { groups.remove(at: index) }
    }

    mutating func hurry(_ group: String, now: Duration) -> Bool {
        guard let known = groups[group] else { return false }
        guard let next = known.nextLook else {
            groups[group]?.isHurried = true
            return false
        }
        guard next > now else { return false }
        groups[group]?.nextLook = now
        return schedule(group, at: now)
    }

    mutating func schedule(_ group: String, at: Duration) -> Bool {
        agenda.add(group, at: at)
        agenda.sweep(liveCount: groups.count) { groups[$0.item]?.nextLook == $0.at }
        guard let until = sleepsUntil else { return false }
        guard at < until else { return false }
        sleepsUntil = at
        return true
    }

    mutating func depart(_ id: Claim.ID) {
        guard departed.insert(id).inserted else { return }
        if departures.count < Roster.departedLimit {
            departures.append(id)
        } else {
            departed.remove(departures[nextDeparture])
            departures[nextDeparture] = id
            nextDeparture = (nextDeparture + 1) % Roster.departedLimit
        }
    }

    mutating func remember(_ id: Claim.ID, _ keys: [KeyNames]) {
        if elsewhere.count >= Roster.elsewhereLimit { elsewhere.removeAll(keepingCapacity: true) }
        elsewhere[id] = keys
    }
}
#endif
