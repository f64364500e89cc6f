#if MySQL
import Holdfast

extension NamedEngine {
    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        let name = try configuration.names.name(of: configuration.prefix + claim.parts[0].key.text)
        let facts = try await ready()
        let new = NamedClaim(claim, name: facts.isMariaDB ? name : name.lowercased())
        let session = try await sharedSession(new.life)
        if let known = claims[claim.id] {
            if let answer = try await again(claim.id, known) { return answer }
            return try await place(claim, condition)
        }
        guard !isOver else { throw LockError(.notRunning, "\(configuration): the client has stopped") }
        let slot = slot(new.name)
        if slot.isBusy || slot.holder != nil || !slot.queue.isEmpty {
            guard condition == .always else { return .refused }
            claims[claim.id] = new
            claims[claim.id]?.phase = .waiting
            desk.open(claim.id)
            slot.queue.append(claim.id)
            advance(slot)
            return .waiting()
        }
        claims[claim.id] = new
        desk.open(claim.id)
        slot.isBusy = true
        return try await first(claim.id, slot, session, condition)
    }

    /// Tries the lock of a name that nobody of this client wants.
    private func first(
        _ id: Claim.ID, _ slot: NamedSlot, _ session: NamedSession, _ condition: PlaceCondition
    ) async throws(LockError) -> Placement {
        try await within(configuration.requestTimeout) { caller in
            caller.onLate = { self.claims[id]?.isDoomed = true }
            let order = NamedSession.Order(errand: .attempt, name: slot.name, life: claims[id]?.life ?? 0) {
                answer, sentAt in
                let isDoomed = self.claims[id]?.isDoomed ?? true
                switch answer {
                case .tried(.held(let token)):
                    session.held[slot.name] = id
                    if isDoomed {
                        self.drop(id, .removed)
                        return self.settle(slot, session, token, sentAt)
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
                    self.advance(slot)
                default:
                    self.drop(id, .removed)
                    slot.isBusy = false
                    caller.answer(.failure(self.reason(answer)))
                    self.advance(slot)
                }
            }
            session.orders.append(order)
            pump(session)
        }
    }

    private func reason(_ answer: NamedSession.Answer) -> LockError {
        switch answer {
        case .lost(let reason): reason
        case .failed(let fault): fault.lockError(configuration.description)
        default: LockError(.storeUnusable, "\(configuration): no token could be drawn from \(TokenTable.name)")
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

    func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        var outcome = Extension()
        let life = NamedClaim.seconds(timeToLive)
        var asked: [(Claim.ID, NamedSession, String)] = []
        for id in ids {
            guard let claim = claims[id], !claim.isDoomed, claim.phase != .removing else {
                outcome.gone.insert(id)
                continue
            }
            if claim.isAsked { outcome.asked.insert(id) }
            if claim.phase == .held, let session = claim.session.flatMap({ sessions[$0] }) {
                asked.append((id, session, claim.name))
            } else {
                // It has its place here, for as long as this client runs; its life at the server begins with the lock.
                claims[id]?.livedAt = .now
            }
        }
        guard !asked.isEmpty else { return outcome }
        let gone: Set<Claim.ID> = try await within(configuration.requestTimeout) { caller in
            let tally = Tally(asked.count)
            var sessions: [UInt64: NamedSession] = [:]
            for (id, session, name) in asked {
                sessions[session.id] = session
                session.orders.append(
                    .init(errand: .check, name: name, life: life) { answer, _ in
                        var failure: LockError?
                        switch answer {
                        case .checked(true): break
                        case .checked(false), .lost: self.vanished(id, name, session, tally)
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
        if slot.holder == id { slot.holder = nil }
        advance(slot)
    }

    func ask(_ id: Claim.ID) throws(LockError) -> Removal {
        guard let claim = claims[id] else {
            throw LockError(
                .unsupported,
                "a named lock's holder in another process cannot be asked to let go; use locks=table, or end its "
                    + "session: KILL IS_USED_LOCK(name)")
        }
        guard !claim.isDoomed, claim.phase != .removing else { return .absent }
        claims[id]?.isAsked = true
        hint([id])
        return .removed
    }
}
#endif
