import Logging
import Synchronization

extension LockClient {
    /// Lets go of a claim whose owner has ended: deaf to cancellation.
    func release(_ state: LeaseState) async throws(LockError) {
        guard let held = end(state) else { return removeLater(state) }
        let answer: RemovalQueue.Answer?
        if Task.isCancelled {
            answer = await removeByRun(state)
        } else {
            do throws(LockError) {
                answer = .success(try await backend.remove(state.claim.id))
            } catch {
                answer = .failure(error)
                removeLater(state)
            }
        }
        if held.wasLost { throw Self.notHeld(state) }
        switch answer {
        case .success(.removed):
            observation.tell(.released, state, held.duration)
        case .success(.absent):
            observation.tell(.lost(.removed), state, held.duration)
            throw LockError(
                .leaseLost, "the lock had been removed before its release", key: state.claim.key)
        case .failure(let error):
            observation.tell(.released, state, held.duration)
            throw LockError(
                .unavailable, "released here, not yet confirmed: the removal goes on in the background",
                key: state.claim.key, cause: error)
        case nil:
            observation.tell(.released, state, held.duration)
            throw LockError(
                .unavailable, "released here, not yet confirmed: the removal goes on until the claim expires",
                key: state.claim.key)
        }
    }

    /// An owned lease was dropped. Where it was not released, its claim is removed in the background.
    func abandon(_ state: LeaseState) {
        guard let held = end(state) else { return }
        removeLater(state)
        guard !held.wasLost else { return }
        observation.logger.warning("lock dropped without release", metadata: observation.metadata(state))
        observation.tell(.released, state, held.duration)
    }

    /// Ends the belief in a claim.
    ///
    /// - Returns: `nil` where it had ended before.
    private func end(_ state: LeaseState) -> (wasLost: Bool, duration: Duration)? {
        let now = time.now
        let (wasEnded, wasLostBefore, wasHeld, duration) = state.update { core in
            let before = core.machine.phase
            let wasHeld = core.machine.end(now: now)
            if case .lost = before { return (false, true, false, core.machine.held(now: now)) }
            return (before == .ended, false, wasHeld, core.machine.held(now: now))
        }
        let isRegistered = registry.withLock { $0.states[state.claim.id] != nil }
        guard !wasEnded, isRegistered else { return nil }
        unregister(state)
        // The deadline passed before anything could tick: the loss was not told yet.
        if !wasLostBefore, !wasHeld { observation.tell(.lost(.expired), state, duration) }
        return (!wasHeld, duration)
    }
}
