import Synchronization

extension LockClient {
    /// What one call asks for, checked.
    struct Plan {
        let parts: [Claim.Part]
        let timing: LeaseTiming
        let maxHold: Duration?
        let owner: Owner
        let note: ClaimNote
        let stepsBack: Bool
        /// `nil` waits for ever.
        let waitUntil: Duration?
        let condition: PlaceCondition
        let began: Duration
    }

    func plan(_ parts: [Claim.Part], wait: Wait, options: LockOptions) throws(LockError) -> Plan {
        let timeToLive = options.timeToLive ?? configuration.timeToLive
        let maxHold = options.maxHold ?? configuration.maxHold
        try configuration.validate(timeToLive: timeToLive)
        try LockClientConfiguration.validate(maxHold: maxHold)
        try LockClientConfiguration.validate(minHold: options.minHold, maxHold: maxHold)
        var owner = owner
        if let label = options.label {
            try LockClientConfiguration.validate(label: label)
            owner = owner.labelled(label)
        }
        let now = time.now
        var waitUntil: Duration?
        var condition = PlaceCondition.always
        switch wait {
        case .forever: break
        case .no: condition = .ifFree
        case .upTo(let limit) where limit <= .zero: condition = .ifFree
        case .upTo(let limit): waitUntil = now + min(limit, LockClientConfiguration.longestHold)
        }
        return Plan(
            parts: parts, timing: options.timeToLive == nil ? usualTiming : LeaseTiming(timeToLive: timeToLive),
            maxHold: maxHold, owner: owner, note: options.note, stepsBack: options.stepsBack,
            waitUntil: waitUntil, condition: condition, began: now)
    }

    /// Takes a claim through placing and waiting until it is held.
    ///
    /// Where a waiting claim can no longer be relied on, another is placed, for as long as the caller waits.
    func obtain(_ plan: Plan) async throws(LockError) -> LeaseState {
        do throws(LockError) {
            try await ensureRunning()
            if plan.condition == .always { checkOrder(of: plan.parts) }
            while true {
                let claim = try Claim(
                    id: makeID(), parts: plan.parts, timeToLive: plan.timing.timeToLive, owner: plan.owner,
                    note: plan.note)
                try backend.capabilities.admit(claim)
                let state = LeaseState(
                    claim: claim,
                    machine: ClaimMachine(
                        timing: plan.timing, maxHold: plan.maxHold, waitUntil: plan.waitUntil,
                        stepsBack: plan.stepsBack))
                if try await attempt(state, plan) {
                    observation.tell(.acquired, state, time.now - plan.began)
                    return state
                }
            }
        } catch {
            observation.tellFailure(error, plan.parts, time.now - plan.began)
            throw error
        }
    }

    /// - Returns: whether the claim is held; if not, another should be placed.
    private func attempt(_ state: LeaseState, _ plan: Plan) async throws(LockError) -> Bool {
        var failures = 0
        var wasSent = false
        while true {
            let placement: Placement
            do throws(LockError) {
                let sentAt = time.now
                state.update { $0.machine.placeSent(at: sentAt) }
                placement = try await backend.place(state.claim, plan.condition)
            } catch {
                guard error.isOutcomeUnknown else { throw error }
                failures += 1
                if !error.wasNeverSent { wasSent = true }
                if try await isToPlaceAgain(state, plan, after: error, failures: failures, wasSent: wasSent) {
                    continue
                }
                return false
            }
            switch placement {
            case .refused:
                throw LockError(.busy, "another claim holds the key", key: plan.parts.mainKey)
            case .held(let grant):
                return try await settle(state, plan) { state.accept(grant, now: self.time.now, isPlacement: true) }
            case .waiting(let age):
                state.update { $0.machine.placeAcknowledged(age: age) }
                // Before anybody hears of it: who waits after hearing of it has waited later.
                let watched = watchedWait(state)
                try await register(state)
                if !isRunning { state.nudge() }
                observation.tell(.waited, state)
                return try await settle(state, plan) { await self.awaitGrant(state, watched) }
            }
        }
    }

    /// Ends the placing: the claim is held, or why not.
    private func settle(
        _ state: LeaseState, _ plan: Plan, _ step: () async -> Void
    ) async throws(LockError) -> Bool {
        await step()
        if state.phase == .held {
            guard !Task.isCancelled else { throw await cancelled(state) }
            try await register(state)
            return true
        }
        let (event, failure) = state.update { ($0.waitEvent, $0.waitFailure as? LockError) }
        await discard(state)
        if let failure { throw failure }
        if event == .timedOut { throw timedOut(plan) }
        if Task.isCancelled { throw LockError(.cancelled, "the task was cancelled while it waited for the lock") }
        guard isRunning else { throw Self.stopped }
        if plan.condition == .ifFree {
            throw LockError(.unavailable, "the grant came too late to be of use", key: plan.parts.mainKey)
        }
        return false
    }

    /// Decides what follows a place whose outcome is unknown.
    private func isToPlaceAgain(
        _ state: LeaseState, _ plan: Plan, after error: LockError, failures: Int, wasSent: Bool
    ) async throws(LockError) -> Bool {
        guard !Task.isCancelled, error.code != .cancelled else { throw await cancelled(state, wasSent: wasSent) }
        guard plan.condition == .always else {
            await discard(state, wasSent: wasSent)
            throw error
        }
        let pause = jitter(Self.backoff(failures))
        let until = min(time.now + pause, plan.waitUntil ?? time.now + pause)
        do {
            try await time.sleep(until: until)
        } catch {
            throw await cancelled(state, wasSent: wasSent)
        }
        if let waitUntil = plan.waitUntil, time.now >= waitUntil {
            await discard(state, wasSent: wasSent)
            throw error
        }
        guard isRunning else {
            await discard(state, wasSent: wasSent)
            throw Self.stopped
        }
        if state.update({ $0.machine.placeUnknown(now: self.time.now) }) == .again { return true }
        await discard(state, wasSent: wasSent)
        return false
    }

    private static let stopped = LockError(.notRunning, "this client stopped while the lock was waited for")
    private static let shortestBackoff: Duration = .milliseconds(50)
    private static let longestBackoff: Duration = .seconds(5)

    /// 50 ms, doubled with every failure, at most 5 s.
    static func backoff(_ failures: Int) -> Duration {
        min(longestBackoff, shortestBackoff * (1 << min(max(failures - 1, 0), 10)))
    }

    /// Puts a claim under the client's care, or notes what it wants next.
    private func register(_ state: LeaseState) async throws(LockError) {
        let mustWake: Bool? = registry.withLock { registry in
            guard registry.phase != .stopped else { return nil }
            if registry.states[state.claim.id] != nil { return registry.schedule(state.claim.id) }
            guard registry.count < configuration.claimsLimit else { return nil }
            return registry.add(state)
        }
        if mustWake == true { bell.ring() }
        guard mustWake == nil else { return }
        await discard(state)
        guard registry.withLock({ $0.phase }) != .stopped else {
            throw LockError(.notRunning, "this client stopped while the lock was taken")
        }
        throw LockError(.limitExceeded, "this client has \(configuration.claimsLimit) claims; raise its claimsLimit")
    }

    private func cancelled(_ state: LeaseState, wasSent: Bool = true) async -> LockError {
        await discard(state, wasSent: wasSent)
        return LockError(.cancelled, "the task was cancelled before it had the lock")
    }

    private func timedOut(_ plan: Plan) -> LockError {
        LockError(
            .timedOut, "the key did not come free within \(time.now - plan.began)", key: plan.parts.mainKey)
    }
}

extension LeaseState {
    /// Ends a wait with an error.
    func fail(_ error: LockError) {
        update { core in
            core.waitFailure = error
            core.isNudged = true
        }
    }

    /// Takes a grant in; too late a one is left to be removed.
    func accept(_ grant: Grant, now: Duration, isPlacement: Bool) {
        update { core in
            if isPlacement { core.machine.placeAcknowledged(age: grant.age) }
            if core.machine.granted(now: now) == .held {
                core.token = grant.token
            } else if core.waitEvent == nil {
                core.waitEvent = .expiredWaiting
            }
        }
    }
}
