package import Holdfast

extension NamedEngine {
    package func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        try await within(bounds.requestTimeout) { caller in remove(id, caller) }
    }

    private func remove(_ id: Claim.ID, _ caller: Caller<Removal>) {
        guard let claim = claims[id] else { return caller.answer(.success(.absent)) }
        claims[id]?.enders.append { caller.answer(.success($0)) }
        switch claim.phase {
        case .waiting: withdraw(id, claim)
        case .placing, .confirming:
            claims[id]?.isDoomed = true
            desk.close(id)
        case .held: release(id, claim)
        case .removing: break
        }
    }

    private func withdraw(_ id: Claim.ID, _ claim: NamedClaim) {
        guard let slot = slots[claim.lock.name] else { return drop(id, .absent) }
        slot.queue.removeAll { $0 == id }
        drop(id, .removed)
        if slot.waitsInVain(claims) { interrupt(slot) }
        if slot.queue.isEmpty, overflow.contains(slot.name) {
            // It was to be tried in turn; nothing is under way.
            slot.isBusy = false
            advance(slot)
        }
    }

    /// Gives the lock back; where others of this client wait, the same request tries it for the next one.
    private func release(_ id: Claim.ID, _ claim: NamedClaim) {
        claims[id]?.phase = .removing
        desk.close(id)
        let slot = slot(claim.lock.name)
        slot.holders.remove(id)
        guard let session = claim.session.flatMap({ sessions[$0] }) else {
            drop(id, .absent)
            return advance(slot)
        }
        // Others may share it still, or wait at the server already.
        let isLast = slot.holders.isEmpty && !slot.isBusy
        if isLast { (slot.isBusy, slot.mustWait) = (true, false) }
        let isNextHere = session.kind == .single || isOfShared(slot, session)
        let isFollowed = isLast && !slot.queue.isEmpty && isNextHere
        release(id, claim.lock, slot, session, isLast: isLast, isFollowed: isFollowed)
        if isFollowed { attempt(slot, on: session) }
        pump(session)
    }

    private func release(
        _ id: Claim.ID, _ lock: NamedLock, _ slot: NamedSlot, _ session: NamedSession, isLast: Bool,
        isFollowed: Bool
    ) {
        let sessionID = session.id
        session.orders.append(
            .init(errand: .release, lock: lock, life: 0) { answer, _ in
                if case .failed = answer, let session = self.sessions[sessionID] {
                    // What follows goes its own way.
                    return self.release(id, lock, slot, session, isLast: isLast, isFollowed: isFollowed)
                }
                if let session = self.sessions[sessionID], session.held[lock.name] == id {
                    session.held[lock.name] = nil
                }
                let wasOurs = if case .released(false) = answer { false } else { true }
                self.drop(id, wasOurs ? .removed : .absent)
                guard !isFollowed else { return }
                if isLast { slot.isBusy = false }
                self.advance(slot)
                if let session = self.sessions[sessionID] { self.free(session) }
            })
    }

    /// Whether the session is the one that the oldest claim would be tried by.
    private func isOfShared(_ slot: NamedSlot, _ session: NamedSession) -> Bool {
        guard let head = slot.queue.first, let claim = claims[head] else { return false }
        return shared[claim.life] == session.id
    }

    /// An answer within a time, and once.
    ///
    /// What `start` looks at and what it does is one stretch; where a task is suspended, others run (``SocketLoop``).
    func within<Value: Sendable>(
        _ limit: Duration, _ start: (Caller<Value>) -> Void
    ) async throws(LockError) -> Value {
        typealias Continuation = CheckedContinuation<Result<Value, LockError>, Never>
        let outcome = await withCheckedContinuation { (continuation: Continuation) in
            let caller = Caller(continuation)
            lateCallers += 1
            let ticket = lateCallers
            late[ticket] = { caller.late(LockError(.unavailable, "\(self.server): no answer within \(limit)")) }
            let alarm = loop.alarm(after: limit) { [weak self] in
                self?.assumeIsolated { $0.late.removeValue(forKey: ticket)?() }
            }
            caller.onAnswer = {
                self.late[ticket] = nil
                self.loop.cancel(alarm)
            }
            start(caller)
        }
        return try outcome.get()
    }

    /// Who waits for an answer.
    final class Caller<Value: Sendable> {
        private var continuation: CheckedContinuation<Result<Value, LockError>, Never>?
        var onAnswer: (() -> Void)?
        var onLate: (() -> Void)?

        init(_ continuation: CheckedContinuation<Result<Value, LockError>, Never>) {
            self.continuation = continuation
        }

        func answer(_ outcome: Result<Value, LockError>) {
            guard let continuation else { return }
            self.continuation = nil
            onAnswer?()
            onAnswer = nil
            onLate = nil
            continuation.resume(returning: outcome)
        }

        func late(_ error: LockError) {
            let onLate = onLate
            guard continuation != nil else { return }
            answer(.failure(error))
            onLate?()
        }
    }
}
