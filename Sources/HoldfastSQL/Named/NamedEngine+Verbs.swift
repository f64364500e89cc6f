package import Holdfast

extension NamedEngine {
    package func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        let lock = NamedLock(
            try await ready().name(of: claim.parts[0].key), isShared: claim.parts[0].mode == .shared)
        while true {
            let step = try await within(bounds.requestTimeout) { caller in
                begin(claim, NamedClaim(claim, lock), condition, caller)
            }
            switch step {
            case .placed(let placement): return placement
            case .isKnown: if let placement = try await again(claim.id) { return placement }
            case .needsShared: try await sharedSession(NamedLife.seconds(claim.timeToLive))
            case .needsSpare: try await spareSession()
            }
        }
    }

    private enum PlaceStep {
        case placed(Placement)
        case isKnown
        /// No session is there that could try it.
        case needsShared, needsSpare
    }

    private func begin(
        _ claim: Claim, _ new: NamedClaim, _ condition: PlaceCondition, _ caller: Caller<PlaceStep>
    ) {
        guard !isOver else { return caller.answer(.failure(stopped)) }
        guard claims[claim.id] == nil else { return caller.answer(.success(.isKnown)) }
        let session: NamedSession?
        if let slot = slots[new.lock.name], !slot.holders.isEmpty, !slot.isClosed(to: new.lock) {
            // Each of those who share it has a session of his own: none has a lock twice.
            session = takeIdle()
            guard session != nil || !hasRoom else { return caller.answer(.success(.needsSpare)) }
            guard session != nil || condition == .always else {
                let text = "\(server): all sessions are in use; raise connections="
                return caller.answer(.failure(LockError(.limitExceeded, text, key: claim.parts[0].key)))
            }
        } else {
            session = sharedNow(new.life)
            guard session != nil else { return caller.answer(.success(.needsShared)) }
        }
        let slot = slot(new.lock.name)
        guard let session, !slot.isClosed(to: new.lock), session.held[slot.name] == nil else {
            if let session { free(session) }
            if condition == .always { enqueue(claim.id, new, slot) }
            return caller.answer(.success(.placed(condition == .always ? .waiting() : .refused)))
        }
        claims[claim.id] = new
        desk.open(claim.id)
        slot.isBusy = true
        // Kept for as long as this claim says, and not another before it.
        if session.kind == .single { session.life = 0 }
        first(claim.id, slot, session, condition, caller)
    }

    /// Behind the others of this client.
    private func enqueue(_ id: Claim.ID, _ new: NamedClaim, _ slot: NamedSlot) {
        claims[id] = new
        claims[id]?.phase = .waiting
        desk.open(id)
        slot.queue.append(id)
        advance(slot)
    }

    /// Tries the lock of a name that nobody of this client wants.
    private func first(
        _ id: Claim.ID, _ slot: NamedSlot, _ session: NamedSession, _ condition: PlaceCondition,
        _ caller: Caller<PlaceStep>
    ) {
        let lock = claims[id]?.lock ?? NamedLock(slot.name)
        caller.onLate = { self.claims[id]?.isDoomed = true }
        session.orders.append(
            .init(errand: .attempt, lock: lock, life: claims[id]?.life ?? 0) { answer, sentAt in
                let isDoomed = self.claims[id]?.isDoomed ?? true
                switch answer {
                case .tried(.held(let token)):
                    session.held[slot.name] = id
                    if isDoomed {
                        self.drop(id, .removed)
                        return self.settle(slot, lock, session, token, sentAt)
                    }
                    self.hold(id, slot, session, token)
                    caller.answer(.success(.placed(.held(Grant(token: token)))))
                case .tried(.busy):
                    slot.mustWait = true
                    slot.isBusy = false
                    if isDoomed || condition == .ifFree {
                        self.drop(id, .removed)
                        caller.answer(.success(.placed(.refused)))
                    } else {
                        self.claims[id]?.phase = .waiting
                        slot.queue.insert(id, at: 0)
                        caller.answer(.success(.placed(.waiting())))
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
            })
        pump(session)
    }

    private func reason(_ answer: NamedSession.Answer) -> LockError {
        switch answer {
        case .lost(let reason): reason
        case .failed(let fault): fault.error
        default: tokenless
        }
    }

    /// How a claim stands that is there already; it lives anew. `nil` where it turns out to be gone.
    private func again(_ id: Claim.ID) async throws(LockError) -> Placement? {
        guard let known = claims[id] else { return nil }
        if known.phase == .removing || known.isDoomed {
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
        try await within(bounds.requestTimeout) { caller in
            extend(ids, NamedLife.seconds(timeToLive), caller)
        }
    }

    private func extend(_ ids: [Claim.ID], _ life: Int, _ caller: Caller<Extension>) {
        let tally = Tally(caller)
        var asked: [(Claim.ID, NamedSession, NamedLock)] = []
        var vanished: [(Claim.ID, NamedLock)] = []
        for id in ids {
            guard let claim = claims[id], !claim.isDoomed, claim.phase != .removing else {
                tally.gone.insert(id)
                continue
            }
            if claim.isAsked { tally.asked.insert(id) }
            if claim.phase == .held {
                guard let session = claim.session.flatMap({ sessions[$0] }) else {
                    tally.gone.insert(id)
                    vanished.append((id, claim.lock))
                    continue
                }
                asked.append((id, session, claim.lock))
            } else {
                // It has its place here, for as long as this client runs; its life at the server begins with the lock.
                claims[id]?.livedAt = .now
            }
        }
        tally.left = asked.count
        for (id, session, lock) in asked { check(id, lock, life, session, tally) }
        // Once each: what is under way is not sent again.
        for (_, session, _) in asked { pump(session) }
        for (id, lock) in vanished { lost(id, lock.name) }
    }

    private func check(_ id: Claim.ID, _ lock: NamedLock, _ life: Int, _ session: NamedSession, _ tally: Tally) {
        session.orders.append(
            .init(errand: .check, lock: lock, life: life) { answer, _ in
                switch answer {
                case .checked(true): break
                case .checked(false), .lost: self.vanished(id, lock.name, session, tally)
                default: tally.failed(self.reason(answer))
                }
                tally.left -= 1
            })
    }

    private final class Tally {
        private let caller: Caller<Extension>
        var gone: Set<Claim.ID> = []
        var asked: Set<Claim.ID> = []
        /// How many are being looked at; the caller hears when there are none.
        var left = 0 {
            didSet { if left == 0 { caller.answer(.success(Extension(gone: gone, asked: asked))) } }
        }

        init(_ caller: Caller<Extension>) { self.caller = caller }

        func failed(_ reason: LockError) { caller.answer(.failure(reason)) }
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
