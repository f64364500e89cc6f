/// What a client has to look after: its live claims, and when each wants attention.
struct Registry: Sendable {
    enum Phase: Sendable { case created, running, stopping, stopped }

    struct Slot: Sendable {
        let state: LeaseState
        /// The agenda's one entry that counts for this claim; others are stale.
        var scheduledAt: Duration?
    }

    var phase = Phase.created
    private(set) var slots: [Claim.ID: Slot] = [:]
    private var agenda = Agenda<Claim.ID>()
    /// When the keeper of time looks next by itself; `nil` where it waits for the bell.
    private var looksAt: Duration?

    var count: Int { slots.count }

    /// - Returns: whether the keeper of time must be woken.
    mutating func add(_ state: LeaseState) -> Bool {
        slots[state.claim.id] = Slot(state: state)
        return schedule(state.claim.id)
    }

    /// - Returns: whether it was there.
    @discardableResult
    mutating func remove(_ id: Claim.ID) -> Bool {
        guard slots.removeValue(forKey: id) != nil else { return false }
        agenda.sweep(liveCount: slots.count) { slots[$0.item]?.scheduledAt == $0.at }
        return true
    }

    /// Notes when a claim wants attention next.
    ///
    /// - Returns: whether the keeper of time must be woken.
    mutating func schedule(_ id: Claim.ID) -> Bool {
        guard let slot = slots[id], let at = slot.state.nextTick else { return false }
        if let scheduledAt = slot.scheduledAt, scheduledAt <= at { return false }
        slots[id]?.scheduledAt = at
        agenda.add(id, at: at)
        guard let looksAt else { return true }
        return at < looksAt
    }

    /// Takes the next claim that may want attention.
    mutating func popDue(now: Duration) -> LeaseState? {
        while let entry = agenda.popDue(now: now) {
            guard let slot = slots[entry.item], slot.scheduledAt == entry.at else { continue }
            slots[entry.item]?.scheduledAt = nil
            return slot.state
        }
        return nil
    }

    /// When to look next; `nil` where nothing is scheduled.
    mutating func nextLook() -> Duration? {
        while let first = agenda.first, slots[first.item]?.scheduledAt != first.at { agenda.removeFirst() }
        looksAt = agenda.first?.at
        return looksAt
    }
}
