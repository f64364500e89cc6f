import Holdfast
import Logging

// MARK: - Opening

extension NamedEngine {
    /// Opens what is needed, again and again until it is there, or nobody needs it.
    func perform(_ job: Job) async {
        var failures = 0
        while !isOver, !Task.isCancelled {
            do throws(LockError) {
                try await open(job)
                failure = nil
                return
            } catch {
                failure = error
                logger?.log(level: failures == 0 ? .warning : .debug, "no session", metadata: ["error": "\(error)"])
                // What no other attempt can mend is told at once.
                if error.code != .unavailable { answerCallers(error) }
                failures += 1
                // A cancelled sleep ends the loop.
                try? await time.sleep(until: time.now + bounds.backoff(failures))
                guard isNeeded(job) else { break }
            }
        }
        closed(job)
    }

    private func isNeeded(_ job: Job) -> Bool {
        switch job {
        case .openShared(let life): !callers.isEmpty || claims.values.contains { $0.life == life }
        case .openSingle(let name): slots[name].map { !$0.queue.isEmpty } ?? false
        case .openSpare: !callers.isEmpty
        case .openControl: !callers.isEmpty || slots.values.contains { $0.waiter != nil }
        }
    }

    private func closed(_ job: Job) {
        switch job {
        case .openShared(let life): openingShared.remove(life)
        case .openSingle(let name):
            opening -= 1
            guard let slot = slots[name] else { return }
            slot.isBusy = false
            advance(slot)
        case .openSpare: opening -= 1
        case .openControl: isControlOpening = false
        }
    }

    private func open(_ job: Job) async throws(LockError) {
        let session =
            switch job {
            case .openControl: try await server.open(keptFor: Self.controlLife, .control)
            case .openShared(let life): try await server.open(keptFor: life, .holder)
            case .openSingle, .openSpare: try await server.open(keptFor: 1, .holder)
            }
        guard !isOver else {
            session.end(stopped)
            throw stopped
        }
        switch job {
        case .openControl:
            control = session
            session.onEnd { [weak self] _ in self?.assumeIsolated { $0.control = nil } }
            guard control != nil else { throw stillborn }
            (reference, isControlOpening) = (session, false)
            for slot in slots.values where slot.waitsInVain(claims) { interrupt(slot) }
            answerCallers(nil)
        case .openShared(let life):
            shared[life] = try adopt(session, .shared, life).id
            openingShared.remove(life)
            answerCallers(nil)
        case .openSingle(let name):
            let session = try adopt(session, .single, 1)
            opening -= 1
            if let slot = slots[name] { wait(slot, on: session) } else { free(session) }
        case .openSpare:
            let session = try adopt(session, .single, 1)
            opening -= 1
            free(session)
            answerCallers(nil)
        }
    }

    /// - Throws: where it has ended already: it would answer nothing that it is asked.
    private func adopt(
        _ session: any NamedWire, _ kind: NamedSession.Kind, _ life: Int
    ) throws(LockError) -> NamedSession {
        lastSession += 1
        let id = lastSession
        let new = NamedSession(id: id, kind: kind, session: session, life: life)
        sessions[id] = new
        session.onEnd { [weak self] reason in self?.assumeIsolated { $0.ended(id, reason) } }
        guard sessions[id] != nil else { throw stillborn }
        return new
    }

    private var stillborn: LockError {
        LockError(.unavailable, "\(server): the session ended as soon as it was open")
    }

    private static var controlLife: Int { 8 * 3600 }
}

// MARK: - Asking for one

extension NamedEngine {
    /// Returns when the server is known.
    func ready() async throws(LockError) -> any NamedWire {
        while true {
            if let reference { return reference }
            try await call(unless: { reference != nil }, needControl)
        }
    }

    func needControl() {
        guard control == nil, !isControlOpening else { return }
        isControlOpening = true
        job.yield(.openControl)
    }

    /// Returns when a session is there that tries for claims of this life.
    func sharedSession(_ life: Int) async throws(LockError) {
        try await call(unless: { sharedNow(life) != nil }) { needShared(life) }
    }

    func needShared(_ life: Int) {
        if openingShared.insert(life).inserted { job.yield(.openShared(life)) }
    }

    func sharedNow(_ life: Int) -> NamedSession? {
        if let id = shared[life], let session = sessions[id] {
            guard session.isStale(now: .now) else { return session }
            session.session.end(nil)
        }
        // There are not to be many: a longer life does no harm but where a holder stands still.
        guard shared.count + openingShared.count >= Self.sharedLimit(bounds.connections) else { return nil }
        let longer = shared.keys.filter { $0 >= life }.min() ?? shared.keys.max()
        return longer.flatMap { shared[$0] }.flatMap { sessions[$0] }
    }

    static func sharedLimit(_ connections: Int) -> Int { max(1, min(8, connections / 2)) }

    /// Returns when there is a session of one lock that has none, or can be none: who shares a lock that this client
    /// has needs one of his own.
    func spareSession() async throws(LockError) {
        try await call(unless: { !idle.isEmpty || !hasRoom }) {
            opening += 1
            job.yield(.openSpare)
        }
    }

    /// Whether there may be another session.
    var hasRoom: Bool { sessions.count + opening + openingShared.count < bounds.connections }

    func takeIdle() -> NamedSession? {
        while let id = idle.popLast() {
            guard let session = sessions[id] else { continue }
            guard session.isStale(now: .now) else { return session }
            session.session.end(nil)
        }
        return nil
    }

    /// Has something opened, and returns when it is there or cannot be; at once where it is there already.
    private func call(unless isThere: () -> Bool, _ order: () -> Void) async throws(LockError) {
        let failure: LockError? = await withCheckedContinuation { caller in
            guard !isOver else { return caller.resume(returning: stopped) }
            guard !isThere() else { return caller.resume(returning: nil) }
            guard callers.count < bounds.waitersLimit else {
                let text = "\(server): \(callers.count) callers wait for a session"
                return caller.resume(returning: LockError(.limitExceeded, text))
            }
            order()
            lastCaller += 1
            let ticket = lastCaller
            let alarm = loop.alarm(after: bounds.requestTimeout) { [weak self] in
                self?.assumeIsolated { $0.late(ticket) }
            }
            callers[ticket] = (alarm, caller)
        }
        if let failure { throw failure }
    }

    private func late(_ ticket: UInt64) {
        guard let (_, caller) = callers.removeValue(forKey: ticket) else { return }
        let text = "\(server): no session within \(bounds.requestTimeout)"
        let reason = failure ?? LockError(.unavailable, text)
        caller.resume(returning: LockError(reason.code, reason.message, cause: NeverSent(reason)))
    }

    func answerCallers(_ failure: LockError?) {
        let all = callers.values
        callers = [:]
        for (alarm, caller) in all {
            loop.cancel(alarm)
            caller.resume(
                returning: failure.map { LockError($0.code, $0.message, cause: NeverSent($0)) })
        }
    }
}

// MARK: - Requests

extension NamedEngine {
    /// Sends what is ordered, where nothing is under way.
    func pump(_ session: NamedSession) {
        guard !session.isBusy, !session.isAnswering, !session.isBeingInterrupted, !session.orders.isEmpty
        else { return }
        send(session, session.takeBatch(bounds.namesPerRequest), waits: false)
    }

    func send(_ session: NamedSession, _ batch: NamedBatch, waits: Bool) {
        session.isBusy = true
        session.sentAt = .now
        let id = session.id
        // When its life is over without an answer, the server has ended it, too.
        let limit: Duration? = waits ? nil : .seconds(session.life) + bounds.requestTimeout
        session.session.send(batch, within: limit) { [weak self] outcome in
            self?.assumeIsolated { $0.answered(id, outcome) }
        }
    }

    private func answered(_ id: UInt64, _ outcome: Result<NamedBatch.Outcome, LockError>) {
        // A session that has ended answers by its end.
        guard let session = sessions[id], case .success(let result) = outcome else { return }
        guard !session.isBeingInterrupted else {
            // The order to break it off may be late, and hit what comes next.
            session.afterInterrupt = { $0.answered(id, outcome) }
            return
        }
        finish(session, result)
    }

    private func finish(_ session: NamedSession, _ result: NamedBatch.Outcome) {
        session.isBusy = false
        let answers = session.answers(result)
        let sentAt = session.sentAt
        session.failures = result.fault == nil ? 0 : session.failures + 1
        // What the server refuses again and again it may do at the session's end, which answers what is under way.
        guard session.failures < bounds.attemptsLimit else { return session.session.end(nil) }
        let underWay = session.underWay
        session.underWay = []
        if let fault = result.fault, fault.isInterrupted, !underWay.contains(where: { $0.errand == .attempt }) {
            // Broken off, perhaps by an order that came too late: all of it may be asked again.
            session.orders.insert(contentsOf: underWay, at: 0)
            return pump(session)
        }
        if result.fault?.isMissing == true || result.tries.contains(.tokenless) { repair() }
        if result.fault != nil || result.tries.contains(where: { $0 == .unknown || $0 == .tokenless }) {
            // What was tried may be held, all the same.
            for (order, answer) in answers where order.errand == .attempt {
                if case .tried(.held) = answer { continue }
                putBack(order.lock, session.id)
            }
        }
        session.isAnswering = true
        for (order, answer) in answers {
            // What comes of one may end the session: what the others had is gone with it.
            let isThere = sessions[session.id] === session
            order.done(isThere ? answer : .lost(LockError(.unavailable, "\(server): the session has ended")), sentAt)
        }
        session.isAnswering = false
        pump(session)
    }

    /// Releases what may be held, but is nobody's; until that is done the session has no other use.
    private func putBack(_ lock: NamedLock, _ id: UInt64) {
        sessions[id]?.orders.append(
            .init(errand: .release, lock: lock, life: 0) { answer, _ in
                if case .failed = answer { return self.putBack(lock, id) }
                if let session = self.sessions[id] { self.free(session) }
            })
    }

    /// The locks of a session that is over are gone.
    private func ended(_ id: UInt64, _ reason: LockError) {
        guard let session = sessions.removeValue(forKey: id) else { return }
        if !isOver, !session.isIdle {
            logger?.notice("a session has ended", metadata: ["reason": "\(reason)"])
        }
        if let (life, _) = shared.first(where: { $0.value == id }) { shared[life] = nil }
        idle.removeAll { $0 == id }
        let orders = session.underWay + session.orders
        (session.underWay, session.orders) = ([], [])
        for order in orders { order.done(.lost(reason), session.sentAt) }
        for (name, claim) in session.held { lost(claim, name) }
        // There is room for another.
        if !overflow.isEmpty { poll() }
    }

    func lost(_ id: Claim.ID, _ name: String) {
        guard let claim = claims[id], claim.phase == .held else { return }
        drop(id, .absent)
        hint([id])
        guard let slot = slots[name] else { return }
        slot.holders.remove(id)
        advance(slot)
    }

    /// The claim is no more.
    func drop(_ id: Claim.ID, _ removal: Removal) {
        guard let claim = claims.removeValue(forKey: id) else { return }
        desk.close(id)
        for end in claim.enders { end(removal) }
    }
}
