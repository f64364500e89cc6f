import Holdfast

/// What a name's queue does next. Wherever something is over, `advance` goes on; nothing else begins anything.
extension NamedEngine {
    /// Tries or waits for the lock in the name of the oldest claim, where nobody of this client has it.
    func advance(_ slot: NamedSlot) {
        guard !slot.isBusy, slots[slot.name] === slot else { return }
        guard let head = slot.queue.first, let claim = claims[head] else {
            overflow.removeAll { $0 == slot.name }
            if slot.holders.isEmpty { slots[slot.name] = nil }
            return
        }
        // Others of this client that share it have it: who waits does so at the server, in its order.
        guard slot.holders.isEmpty || slot.isHeldShared else { return }
        slot.isBusy = true
        if slot.holders.isEmpty, !slot.mustWait, let session = sharedNow(claim.life) {
            attempt(slot, on: session)
            pump(session)
        } else {
            wait(slot)
        }
    }

    /// To be sent by `pump`.
    func attempt(_ slot: NamedSlot, on session: NamedSession) {
        guard let claim = slot.queue.first.flatMap({ claims[$0] }) else { return later(slot) }
        let (lock, id) = (claim.lock, session.id)
        session.orders.append(
            .init(errand: .attempt, lock: lock, life: claim.life) { answer, sentAt in
                self.tried(slot, lock, id, answer, sentAt)
            })
    }

    private func tried(
        _ slot: NamedSlot, _ lock: NamedLock, _ id: UInt64, _ answer: NamedSession.Answer,
        _ sentAt: ContinuousClock.Instant
    ) {
        guard !isOver else { return }
        switch answer {
        case .tried(.held(let token)):
            slot.failures = 0
            guard let session = sessions[id] else { return later(slot) }
            session.held[slot.name] = slot.queue.first ?? Claim.ID(client: 0, sequence: 0)
            settle(slot, lock, session, token, sentAt)
        case .tried(.busy):
            slot.failures = 0
            slot.mustWait = true
            if let session = sessions[id], session.kind == .single, session.isIdle {
                wait(slot, on: session)
            } else {
                wait(slot)
            }
        case .tried(.tokenless):
            failHead(slot, tokenless)
        case .failed(let fault) where !fault.isTransient && !fault.isInterrupted: failHead(slot, fault.error)
        default: later(slot)
        }
        if let session = sessions[id] { free(session) }
    }

    /// The lock is here: the oldest claim has it, unless nobody wants it any more.
    func settle(
        _ slot: NamedSlot, _ lock: NamedLock, _ session: NamedSession, _ token: FencingToken,
        _ sentAt: ContinuousClock.Instant
    ) {
        guard let head = slot.queue.first, let claim = claims[head], claim.lock == lock else {
            return letGo(slot, lock, session)
        }
        session.held[slot.name] = head
        // Whoever heard since then that his claim lives relies on a session that was heard of since then.
        guard claim.livedAt <= sentAt, session.life >= claim.life else {
            return confirm(head, slot, session, token)
        }
        slot.queue.removeFirst()
        hold(head, slot, session, token)
    }

    func hold(_ id: Claim.ID, _ slot: NamedSlot, _ session: NamedSession, _ token: FencingToken) {
        slot.holders.insert(id)
        slot.isHeldShared = claims[id]?.lock.isShared ?? false
        slot.isBusy = false
        session.held[slot.name] = id
        claims[id]?.phase = .held
        claims[id]?.session = session.id
        claims[id]?.token = token
        desk.tell(id, .success(Grant(token: token)))
        if slot.isHeldShared { advance(slot) }
    }

    private func confirm(
        _ id: Claim.ID, _ slot: NamedSlot, _ session: NamedSession, _ token: FencingToken
    ) {
        slot.queue.removeFirst()
        claims[id]?.phase = .confirming
        let sessionID = session.id
        let lock = claims[id]?.lock ?? NamedLock(slot.name)
        session.orders.append(
            .init(errand: .check, lock: lock, life: claims[id]?.life ?? 0) { answer, sentAt in
                let isDoomed = self.claims[id]?.isDoomed ?? true
                if isDoomed { self.drop(id, .removed) }
                guard case .checked(true) = answer, let session = self.sessions[sessionID] else {
                    self.sessions[sessionID]?.held[slot.name] = nil
                    if !isDoomed {
                        self.claims[id]?.phase = .waiting
                        slot.queue.insert(id, at: 0)
                    }
                    return self.later(slot)
                }
                guard isDoomed else { return self.hold(id, slot, session, token) }
                self.settle(slot, lock, session, token, sentAt)
            })
        pump(session)
    }

    /// Gives the lock back that nobody wants.
    private func letGo(_ slot: NamedSlot, _ lock: NamedLock, _ session: NamedSession) {
        let id = session.id
        session.orders.append(
            .init(errand: .release, lock: lock, life: 0) { answer, _ in
                if case .failed = answer, let session = self.sessions[id] { return self.letGo(slot, lock, session) }
                self.sessions[id]?.held[lock.name] = nil
                slot.isBusy = false
                self.advance(slot)
                if let session = self.sessions[id] { self.free(session) }
            })
        pump(session)
    }

    /// Goes on after a pause.
    func later(_ slot: NamedSlot) {
        slot.failures += 1
        let name = slot.name
        _ = loop.alarm(after: slot.failures == 1 ? .milliseconds(1) : bounds.backoff(slot.failures)) { [weak self] in
            self?.assumeIsolated { engine in
                guard let slot = engine.slots[name], slot.isBusy, slot.waiter == nil else { return }
                slot.isBusy = false
                engine.advance(slot)
            }
        }
    }

    /// The oldest claim's owner hears what is wrong; the next one is tried.
    func failHead(_ slot: NamedSlot, _ reason: LockError) {
        if let head = slot.queue.first {
            slot.queue.removeFirst()
            claims[head]?.isDoomed = true
            desk.close(head, reason)
            drop(head, .removed)
        }
        slot.isBusy = false
        advance(slot)
    }

    var tokenless: LockError { LockError(.storeUnusable, "\(server): no token could be drawn") }

    /// What tokens are drawn from was removed: a new session for orders makes it anew.
    func repair() {
        control?.end(nil)
        needControl()
    }
}
