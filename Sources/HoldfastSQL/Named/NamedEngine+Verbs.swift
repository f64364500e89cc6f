package import Holdfast

extension NamedEngine {
    package func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        let name = try await ready().name(of: claim.parts[0].key)
        let new = NamedClaim(claim, NamedLock(name, isShared: claim.parts[0].mode == .shared))
        var session = try await sharedSession(new.life)
        if let known = claims[claim.id], let answer = try await again(claim.id, known) { return answer }
        if let slot = slots[name], !slot.holders.isEmpty, !slot.isClosed(to: new.lock) {
            // Each of those who share it has a session of his own: none has a lock twice.
            guard let spare = try await spareSession(new.life) else {
                guard condition == .always else {
                    throw LockError(
                        .limitExceeded, "\(server): all sessions are in use; raise connections=",
                        key: claim.parts[0].key)
                }
                return try await enqueue(claim, new)
            }
            session = spare
        }
        guard claims[claim.id] == nil else {
            // Placed by another call meanwhile.
            free(session)
            return try await place(claim, condition)
        }
        guard !isOver else { throw LockError(.notRunning, "\(server): the client has stopped") }
        let slot = slot(name)
        if slot.isClosed(to: new.lock) || session.held[name] != nil {
            free(session)
            guard condition == .always else { return .refused }
            return try await enqueue(claim, new)
        }
        claims[claim.id] = new
        desk.open(claim.id)
        slot.isBusy = true
        // Kept for as long as this claim says, and not another before it.
        if session.kind == .single { session.life = 0 }
        return try await first(claim.id, slot, session, condition)
    }

    /// Behind the others of this client.
    private func enqueue(_ claim: Claim, _ new: NamedClaim) async throws(LockError) -> Placement {
        if let known = claims[claim.id], let answer = try await again(claim.id, known) { return answer }
        let slot = slot(new.lock.name)
        claims[claim.id] = new
        claims[claim.id]?.phase = .waiting
        desk.open(claim.id)
        slot.queue.append(claim.id)
        advance(slot)
        return .waiting()
    }

    /// Tries the lock of a name that nobody of this client wants.
    private func first(
        _ id: Claim.ID, _ slot: NamedSlot, _ session: NamedSession, _ condition: PlaceCondition
    ) async throws(LockError) -> Placement {
        let lock = claims[id]?.lock ?? NamedLock(slot.name)
        return try await within(bounds.requestTimeout) { caller in
            caller.onLate = { self.claims[id]?.isDoomed = true }
            let order = NamedSession.Order(errand: .attempt, lock: lock, life: claims[id]?.life ?? 0) {
                answer, sentAt in
                let isDoomed = self.claims[id]?.isDoomed ?? true
                switch answer {
                case .tried(.held(let token)):
                    session.held[slot.name] = id
                    if isDoomed {
                        self.drop(id, .removed)
                        return self.settle(slot, lock, session, token, sentAt)
                    }
                    self.hold(id, slot, session, token)
                    caller.answer(.success(.held(Grant(token: token))))
                case .tried(.busy):
                    slot.mustWait = true
                    slot.isBusy = false
                    if isDoomed || condition == .ifFree {
                        self.drop(id, .removed)
                        caller.answer(.success(.refused))
                    } else {
                        self.claims[id]?.phase = .waiting
                        slot.queue.insert(id, at: 0)
                        caller.answer(.success(.waiting()))
                    }
                    // First: it may be the one that waits.
                    self.free(session)
                    self.advance(slot)
                default:
                    self.drop(id, .removed)
                    slot.isBusy = false
                    caller.answer(.failure(self.reason(answer)))
                    self.advance(slot)
                }
                self.free(session)
            }
            session.orders.append(order)
            pump(session)
        }
    }

    private func reason(_ answer: NamedSession.Answer) -> LockError {
        switch answer {
        case .lost(let reason): reason
        case .failed(let fault): fault.error
        default: tokenless
        }
    }

    /// How a claim stands that is there already; it lives anew. `nil` where it turns out to be gone.
    private func again(_ id: Claim.ID, _ known: NamedClaim) async throws(LockError) -> Placement? {
        if known.phase == .removing {
            _ = try await remove(id)
            return nil
        }
        guard known.phase == .held, let token = known.token else {
            claims[id]?.livedAt = .now
            return .waiting()
        }
        let outcome = try await extend([id], for: .seconds(known.life))
        return outcome.gone.isEmpty ? .held(Grant(token: token)) : nil
    }

    package func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        var outcome = Extension()
        let life = NamedLife.seconds(timeToLive)
        var asked: [(Claim.ID, NamedSession, NamedLock)] = []
        for id in ids {
            guard let claim = claims[id], !claim.isDoomed, claim.phase != .removing else {
                outcome.gone.insert(id)
                continue
            }
            if claim.isAsked { outcome.asked.insert(id) }
            if claim.phase == .held, let session = claim.session.flatMap({ sessions[$0] }) {
                asked.append((id, session, claim.lock))
            } else {
                // It has its place here, for as long as this client runs; its life at the server begins with the lock.
                claims[id]?.livedAt = .now
            }
        }
        guard !asked.isEmpty else { return outcome }
        let gone: Set<Claim.ID> = try await within(bounds.requestTimeout) { caller in
            let tally = Tally(asked.count)
            var sessions: [UInt64: NamedSession] = [:]
            for (id, session, lock) in asked {
                sessions[session.id] = session
                session.orders.append(
                    .init(errand: .check, lock: lock, life: life) { answer, _ in
                        var failure: LockError?
                        switch answer {
                        case .checked(true): break
                        case .checked(false), .lost: self.vanished(id, lock.name, session, tally)
                        default: failure = self.reason(answer)
                        }
                        if let failure { caller.answer(.failure(failure)) }
                        tally.left -= 1
                        if tally.left == 0 { caller.answer(.success(tally.gone)) }
                    })
            }
            for session in sessions.values { pump(session) }
        }
        outcome.gone.formUnion(gone)
        return outcome
    }

    private final class Tally {
        var left: Int
        var gone: Set<Claim.ID> = []
        init(_ count: Int) { left = count }
    }

    /// Somebody else's `RELEASE_ALL_LOCKS`, or the end of the session: the lock is not ours any more.
    private func vanished(_ id: Claim.ID, _ name: String, _ session: NamedSession, _ tally: Tally) {
        // Removed meanwhile, it is gone as well, but by its owner.
        tally.gone.insert(id)
        guard claims[id]?.phase == .held else { return }
        session.held[name] = nil
        drop(id, .absent)
        guard let slot = slots[name] else { return }
        slot.holders.remove(id)
        advance(slot)
    }

    /// - Returns: `nil` for a claim that is not this client's.
    package func ask(_ id: Claim.ID) -> Removal? {
        guard let claim = claims[id] else { return nil }
        guard !claim.isDoomed, claim.phase != .removing else { return .absent }
        claims[id]?.isAsked = true
        hint([id])
        return .removed
    }
}
