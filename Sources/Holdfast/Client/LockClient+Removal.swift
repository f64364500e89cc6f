import Synchronization

extension LockClient {
    /// Performs the queued removals, so many at a time.
    func removeInBackground() async {
        await withTaskGroup(of: Void.self) { group in
            var inFlight = 0
            while !Task.isCancelled {
                guard let job = removals.take() else {
                    await removals.bell.wait()
                    continue
                }
                if inFlight >= configuration.removalsLimit {
                    await group.next()
                    inFlight -= 1
                }
                group.addTask { await self.perform(job) }
                inFlight += 1
            }
        }
        removals.close()
    }

    /// Lets nobody wait for longer than the limit, however many removals come first.
    func answerLate() async {
        while !Task.isCancelled {
            guard let caller = removals.takeCaller() else {
                await removals.callerBell.wait()
                continue
            }
            // A cancelled sleep is a sleep that is over.
            try? await time.sleep(until: caller.until)
            caller.answer(nil)
        }
    }

    private func perform(_ job: RemovalQueue.Job) async {
        defer { removals.finished() }
        var failures = 0
        while true {
            let outcome = await removeOnce(job.id)
            job.caller?.answer(outcome)
            if case .success = outcome { return }
            failures += 1
            let next = time.now + jitter(Self.backoff(failures))
            if let pointlessAt = job.pointlessAt, next >= pointlessAt { return }
            do {
                try await time.sleep(until: next)
            } catch {
                return
            }
        }
    }

    private func removeOnce(_ id: Claim.ID) async -> RemovalQueue.Answer {
        do throws(LockError) {
            return .success(try await backend.remove(id))
        } catch {
            return .failure(error)
        }
    }

    /// Gives a claim up that the caller does not have: removes it in the background, and waits for that a little.
    ///
    /// - Parameter wasSent: whether the store can have it.
    func discard(_ state: LeaseState, wasSent: Bool = true) async {
        unregisterEnded(state)
        if wasSent { await removeByRun(state) }
    }

    /// Hands a removal to `run()`, which no cancellation of the caller touches.
    ///
    /// - Returns: the outcome; `nil` where it takes too long, or nobody runs.
    @discardableResult
    func removeByRun(_ state: LeaseState) async -> RemovalQueue.Answer? {
        await withCheckedContinuation { continuation in
            let caller = RemovalQueue.Caller(until: time.now + configuration.removalWaitLimit, continuation)
            if !removals.add(job(state, caller)) { caller.answer(nil) }
        }
    }

    /// Removes in the background what nobody waits for.
    func removeLater(_ state: LeaseState) { _ = removals.add(job(state, nil)) }

    private func job(_ state: LeaseState, _ caller: RemovalQueue.Caller?) -> RemovalQueue.Job {
        // The latest instant at which the backend may have extended the claim is now.
        let life = state.update { $0.machine.timing.timeToLive }
        let pointlessAt = backend.capabilities.expiry == .session ? nil : time.now + life
        return RemovalQueue.Job(id: state.claim.id, pointlessAt: pointlessAt, caller: caller)
    }

    private func unregisterEnded(_ state: LeaseState) {
        let now = time.now
        _ = state.update { $0.machine.end(now: now) }
        unregister(state)
    }
}
