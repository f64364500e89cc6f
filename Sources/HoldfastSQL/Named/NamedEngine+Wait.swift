import Holdfast

/// Waiting at the server for a lock that another process has.
extension NamedEngine {
    /// On a session that has nothing to do, or a new one; where there may be no other, in turn by trying.
    func wait(_ slot: NamedSlot) {
        if let session = takeIdle() { return wait(slot, on: session) }
        guard hasRoom else {
            if !overflow.contains(slot.name) { overflow.append(slot.name) }
            return poll()
        }
        opening += 1
        job.yield(.openSingle(slot.name))
    }

    func wait(_ slot: NamedSlot, on session: NamedSession) {
        // One that ended before it was of use answers nothing that it is asked.
        guard sessions[session.id] === session else { return later(slot) }
        guard let head = slot.queue.first, let claim = claims[head] else {
            slot.isBusy = false
            advance(slot)
            return free(session)
        }
        idle.removeAll { $0 == session.id }
        (slot.waiter, slot.waitsShared) = (session.id, claim.lock.isShared)
        let (id, lock) = (session.id, claim.lock)
        var batch = NamedBatch()
        batch.idleTimeout = claim.life
        session.life = claim.life
        batch.tries = [lock]
        batch.waits = true
        session.underWay = [
            .init(errand: .attempt, lock: lock, life: 0) { answer, sentAt in
                self.waited(slot, lock, id, answer, sentAt)
            }
        ]
        send(session, batch, waits: true)
    }

    private func waited(
        _ slot: NamedSlot, _ lock: NamedLock, _ id: UInt64, _ answer: NamedSession.Answer,
        _ sentAt: ContinuousClock.Instant
    ) {
        slot.waiter = nil
        guard !isOver else { return }
        guard let session = sessions[id] else { return later(slot) }
        switch answer {
        case .tried(.held(let token)):
            slot.failures = 0
            session.held[slot.name] = slot.queue.first ?? Claim.ID(client: 0, sequence: 0)
            settle(slot, lock, session, token, sentAt)
        case .tried(.tokenless):
            failHead(slot, tokenless)
        case .failed(let fault) where !fault.isTransient && !fault.isInterrupted || fault.isDeadlock:
            failHead(slot, fault.error)
        case .failed:
            // Broken off, by us where nobody wants it any more.
            slot.isBusy = false
            advance(slot)
        default:
            slot.isBusy = false
            advance(slot)
        }
        free(session)
    }

    /// Nobody of this client wants what the session waits for.
    func interrupt(_ slot: NamedSlot) {
        guard let id = slot.waiter, let session = sessions[id], !session.isBeingInterrupted else { return }
        guard let control else { return needControl() }
        session.isBeingInterrupted = true
        let name = slot.name
        control.order([session.session.interruption], within: bounds.requestTimeout) { [weak self] in
            self?.assumeIsolated { engine in
                guard let session = engine.sessions[id] else { return }
                session.isBeingInterrupted = false
                let after = session.afterInterrupt
                session.afterInterrupt = nil
                after?(engine)
                engine.pump(session)
                engine.interruptAgain(name, id)
            }
        }
    }

    /// An order that came before the wait did has broken nothing off.
    private func interruptAgain(_ name: String, _ id: UInt64) {
        guard let slot = slots[name], slot.waiter == id, slot.waitsInVain(claims) else { return }
        _ = loop.alarm(after: bounds.interruptPause) { [weak self] in
            self?.assumeIsolated { engine in
                guard let slot = engine.slots[name], slot.waiter == id, slot.waitsInVain(engine.claims) else { return }
                engine.interrupt(slot)
            }
        }
    }

    /// A session of one lock that has none waits for the next one.
    func free(_ session: NamedSession) {
        guard sessions[session.id] === session, session.kind == .single, session.isIdle else { return }
        guard !idle.contains(session.id) else { return }
        guard !slots.values.contains(where: { $0.waiter == session.id }) else { return }
        if let slot = takeOverflow() { return wait(slot, on: session) }
        idle.append(session.id)
    }

    private func takeOverflow() -> NamedSlot? {
        while !overflow.isEmpty {
            guard let slot = slots[overflow.removeFirst()] else { continue }
            guard slot.queue.isEmpty else { return slot }
            slot.isBusy = false
            advance(slot)
        }
        return nil
    }

    /// Tries what no session is left to wait for.
    func poll() {
        guard !isPolling, !overflow.isEmpty else { return }
        isPolling = true
        _ = loop.alarm(after: bounds.pollInterval * Double.random(in: 0.75...1.25)) { [weak self] in
            self?.assumeIsolated { engine in
                engine.isPolling = false
                if !engine.isOver { engine.tryOverflow() }
            }
        }
    }

    private func tryOverflow() {
        // Those that are in vain are back at the end of this.
        let names = overflow.prefix(bounds.namesPerRequest)
        overflow.removeFirst(names.count)
        var asked: [UInt64: NamedSession] = [:]
        for slot in names.compactMap({ slots[$0] }) {
            guard let head = slot.queue.first, let claim = claims[head] else {
                slot.isBusy = false
                advance(slot)
                continue
            }
            let session = sharedNow(claim.life)
            if session == nil { needShared(claim.life) }
            // One that shares the lock already cannot try it for another.
            guard let session, session.held[slot.name] == nil else {
                overflow.append(slot.name)
                continue
            }
            attempt(slot, on: session)
            asked[session.id] = session
        }
        for session in asked.values { pump(session) }
        poll()
    }
}
