#if MySQL
import Holdfast
import HoldfastSQL

/// What a name's queue does next. Wherever something is over, `advance` goes on; nothing else begins anything.
extension NamedEngine {
    /// Tries or waits for the lock in the name of the oldest claim, where nobody of this client has it.
    func advance(_ slot: NamedSlot) {
        guard !slot.isBusy, slot.holder == nil, slots[slot.name] === slot else { return }
        guard let head = slot.queue.first, let claim = claims[head] else {
            slots[slot.name] = nil
            overflow.removeAll { $0 == slot.name }
            return
        }
        slot.isBusy = true
        if !slot.mustWait, let session = sharedNow(claim.life) {
            attempt(slot, on: session)
            pump(session)
        } else {
            wait(slot)
        }
    }

    /// To be sent by `pump`.
    func attempt(_ slot: NamedSlot, on session: NamedSession) {
        let (name, id) = (slot.name, session.id)
        let life = slot.queue.first.flatMap { claims[$0]?.life } ?? 0
        session.orders.append(
            .init(errand: .attempt, name: name, life: life) { answer, sentAt in
                self.tried(slot, id, answer, sentAt)
            })
    }

    private func tried(
        _ slot: NamedSlot, _ id: UInt64, _ answer: NamedSession.Answer, _ sentAt: ContinuousClock.Instant
    ) {
        guard !isOver else { return }
        switch answer {
        case .tried(.held(let token)):
            slot.failures = 0
            guard let session = sessions[id] else { return later(slot) }
            session.held[slot.name] = slot.queue.first ?? Claim.ID(client: 0, sequence: 0)
            settle(slot, session, token, sentAt)
        case .tried(.busy):
            slot.failures = 0
            slot.mustWait = true
            if let session = sessions[id], session.kind == .single, session.isIdle {
                wait(slot, on: session)
            } else {
                wait(slot)
            }
        case .tried(.tokenless):
            failHead(slot, MySQLFault(number: 1032, message: "the row of \(TokenTable.name) is missing"))
        case .failed(let fault) where !fault.isTransient && !fault.isInterrupted: failHead(slot, fault)
        default: later(slot)
        }
        if let session = sessions[id] { free(session) }
    }

    /// The lock is here: the oldest claim has it, unless nobody wants it any more.
    func settle(
        _ slot: NamedSlot, _ session: NamedSession, _ token: FencingToken, _ sentAt: ContinuousClock.Instant
    ) {
        guard let head = slot.queue.first, let claim = claims[head] else { return letGo(slot, session) }
        session.held[slot.name] = head
        // Whoever heard since then that his claim lives relies on a session that was heard of since then.
        guard claim.livedAt <= sentAt, session.life >= claim.life else {
            return confirm(head, slot, session, token)
        }
        slot.queue.removeFirst()
        hold(head, slot, session, token)
    }

    func hold(_ id: Claim.ID, _ slot: NamedSlot, _ session: NamedSession, _ token: FencingToken) {
        slot.holder = id
        slot.isBusy = false
        session.held[slot.name] = id
        claims[id]?.phase = .held
        claims[id]?.session = session.id
        claims[id]?.token = token
        desk.tell(id, .success(Grant(token: token)))
    }

    private func confirm(_ id: Claim.ID, _ slot: NamedSlot, _ session: NamedSession, _ token: FencingToken) {
        slot.queue.removeFirst()
        claims[id]?.phase = .confirming
        let sessionID = session.id
        session.orders.append(
            .init(errand: .check, name: slot.name, life: claims[id]?.life ?? 0) { answer, sentAt in
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
                self.settle(slot, session, token, sentAt)
            })
        pump(session)
    }

    /// Gives the lock back that nobody wants.
    private func letGo(_ slot: NamedSlot, _ session: NamedSession) {
        let (name, id) = (slot.name, session.id)
        session.orders.append(
            .init(errand: .release, name: name, life: 0) { answer, _ in
                if case .failed = answer, let session = self.sessions[id] { return self.letGo(slot, session) }
                self.sessions[id]?.held[name] = nil
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
    func failHead(_ slot: NamedSlot, _ fault: MySQLFault) {
        if let head = slot.queue.first {
            slot.queue.removeFirst()
            let reason = fault.lockError(configuration.description)
            claims[head]?.isDoomed = true
            desk.close(head, reason)
            drop(head, .removed)
        }
        slot.isBusy = false
        advance(slot)
    }

    /// The table of tokens was removed: a new session for orders makes it anew.
    func repair() {
        control?.end()
        needControl()
    }
}
#endif
