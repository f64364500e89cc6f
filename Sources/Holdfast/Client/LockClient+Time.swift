import Logging
import Synchronization

extension LockClient {
    /// Ticks every claim that wants it: renewals, deadlines, the ends of waits and holds.
    func keepTime() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                // In an order that is the same in every run.
                for (timeToLive, states) in tickDue().sorted(by: { $0.key < $1.key }) {
                    for batch in states.batches(of: configuration.renewalBatchLimit) {
                        group.addTask { await self.renew(batch, for: timeToLive) }
                    }
                }
                let next = registry.withLock { $0.nextLook() }
                await bell.wait(until: next, on: time)
            }
        }
    }

    /// - Returns: the claims to renew, by their time to live.
    private func tickDue() -> [Duration: [LeaseState]] {
        let now = time.now
        var renewals: [Duration: [LeaseState]] = [:]
        while let state = registry.withLock({ $0.popDue(now: now) }) {
            let (tick, timeToLive) = state.update { core in
                let tick = core.machine.tick(now: now)
                if core.waitEvent == nil { core.waitEvent = tick.event }
                return (tick, core.machine.timing.timeToLive)
            }
            if let event = tick.event { happened(event, to: state) }
            if tick.renews { renewals[timeToLive, default: []].append(state) }
            _ = registry.withLock { $0.schedule(state.claim.id) }
        }
        return renewals
    }

    /// Asks the backend about claims now: it hinted that something became of them.
    func look(at ids: [Claim.ID]) {
        let now = time.now
        let mustWake = registry.withLock { registry in
            ids.map { id in
                registry.states[id]?.update { $0.machine.hurry(now: now) }
                return registry.schedule(id)
            }
        }
        if mustWake.contains(true) { bell.ring() }
    }

    private func renew(_ states: [LeaseState], for timeToLive: Duration) async {
        let sentAt = time.now
        let limit = sentAt + LeaseTiming(timeToLive: timeToLive).requestLimit
        let ids = states.map(\.claim.id)
        let outcome = await withTaskGroup(of: Result<Extension, LockError>.self) { group in
            group.addTask {
                do throws(LockError) {
                    return .success(try await self.backend.extend(ids, for: timeToLive))
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                // A cancelled sleep is a sleep that is over: the answer was first.
                try? await self.time.sleep(until: limit)
                return .failure(LockError(.unavailable, "the renewal was not answered within its limit"))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(LockError(.cancelled, "the renewal was cancelled"))
        }
        conclude(outcome, states, sentAt: sentAt, for: timeToLive)
    }

    func conclude(
        _ outcome: Result<Extension, LockError>, _ states: [LeaseState], sentAt: Duration, for timeToLive: Duration
    ) {
        if case .failure(let error) = outcome, error.code != .cancelled {
            observation.logger.warning(
                "lock renewal failed, trying again",
                metadata: ["lock.count": "\(states.count)", "lock.error": "\(error)"])
        }
        for state in states {
            let event: ClaimMachine.Tick.Event? = state.update { core in
                guard case .success(let answer) = outcome else {
                    core.machine.renewalUnknown(now: self.time.now)
                    return nil
                }
                let id = state.claim.id
                guard !answer.gone.contains(id) else {
                    let event = core.machine.gone()
                    if core.waitEvent == nil { core.waitEvent = event }
                    return event
                }
                if let event = core.machine.renewed(
                    sentAt: sentAt, age: answer.age, for: timeToLive, now: self.time.now)
                {
                    if core.waitEvent == nil { core.waitEvent = event }
                    return event
                }
                let event = answer.asked.contains(id) ? core.machine.asked() : nil
                if core.waitEvent == nil { core.waitEvent = event }
                return event
            }
            if let event { happened(event, to: state) }
        }
        let mustWake = registry.withLock { registry in states.map { registry.schedule($0.claim.id) } }
        if mustWake.contains(true) { bell.ring() }
    }

    func happened(_ event: ClaimMachine.Tick.Event, to state: LeaseState) {
        switch event {
        case .atRisk: observation.tell(.atRisk, state)
        case .lost(let loss):
            let held = state.update { $0.machine.held(now: self.time.now) }
            observation.tell(.lost(loss), state, held)
        case .timedOut, .expiredWaiting, .steppedBack: break
        }
    }

    func extend(_ state: LeaseState, for timeToLive: Duration) async throws(LockError) {
        try configuration.validate(timeToLive: timeToLive)
        let now = time.now
        let isHeld = state.update { core in
            guard core.machine.isHeld, now < core.machine.deadline else { return false }
            core.machine.choose(LeaseTiming(timeToLive: timeToLive), now: now)
            return true
        }
        guard isHeld else { throw Self.notHeld(state) }
        let outcome: Result<Extension, LockError>
        do throws(LockError) {
            outcome = .success(try await backend.extend([state.claim.id], for: timeToLive))
        } catch {
            outcome = .failure(error)
        }
        conclude(outcome, [state], sentAt: now, for: timeToLive)
        if case .failure(let error) = outcome { throw error }
        guard state.phase == .held else { throw Self.notHeld(state) }
    }

    static func notHeld(_ state: LeaseState) -> LockError {
        let reason = state.loss.map { "lost: \($0.rawValue)" } ?? "released"
        return LockError(.leaseLost, "the lock is no longer held (\(reason))", key: state.claim.key)
    }
}

extension Array {
    package func batches(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: Swift.max(1, size)).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
