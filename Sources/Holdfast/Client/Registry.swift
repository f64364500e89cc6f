/// What a client has to look after: its live claims, and when each wants attention.
struct Registry: Sendable {
    enum Phase: Sendable { case created, running, stopping, stopped }

    var phase = Phase.created
    private(set) var states: [Claim.ID: LeaseState] = [:]
    /// A claim's one entry that counts is the one at its `scheduledAt`; others are stale.
    private var agenda = Agenda<Claim.ID>()
    /// When the keeper of time looks next by itself; `nil` where it waits for the bell.
    private var looksAt: Duration?

    var count: Int { states.count }

    /// - Returns: whether the keeper of time must be woken.
    mutating func add(_ state: LeaseState) -> Bool {
        states[state.claim.id] = state
        return schedule(state.claim.id)
    }

    /// - Returns: whether it was there.
    @discardableResult
    mutating func remove(_ id: Claim.ID) -> Bool {
        guard states.removeValue(forKey: id) != nil else { return false }
        agenda.sweep(liveCount: states.count) { states[$0.item]?.scheduledAt == $0.at }
        return true
    }

    /// Notes when a claim wants attention next.
    ///
    /// - Returns: whether the keeper of time must be woken.
    mutating func schedule(_ id: Claim.ID) -> Bool {
        guard let at = states[id]?.scheduleEarlier() else { return false }
        agenda.add(id, at: at)
        guard let looksAt else { return true }
        return at < looksAt
    }

    /// Takes the next claim that may want attention.
    mutating func popDue(now: Duration) -> LeaseState? {
        while let entry = agenda.popDue(now: now) {
            guard let state = states[entry.item], state.unschedule(entry.at) else { continue }
            return state
        }
        return nil
    }

    /// When to look next; `nil` where nothing is scheduled.
    mutating func nextLook() -> Duration? {
        while let first = agenda.first, states[first.item]?.scheduledAt != first.at { agenda.removeFirst() }
        looksAt = agenda.first?.at
        return looksAt
    }
}
