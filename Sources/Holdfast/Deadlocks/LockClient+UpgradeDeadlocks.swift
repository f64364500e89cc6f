import Synchronization

/// An upgrade waits without a claim of its own: the claim that it upgrades holds. For as long as it looks for deadlocks
/// it has one, the *marker*, exclusive and last in the queue, which keeps nobody out that the other does not. The notes
/// name it, so that what they say is over when it is gone.
extension LockClient {
    struct WatchedUpgrade: Sendable {
        /// Why the wait is to end.
        final class Failure: Sendable {
            private let error = Mutex<LockError?>(nil)
            var current: LockError? { error.withLock { $0 } }
            func set(_ error: LockError) { self.error.withLock { $0 = error } }
        }

        let wait: WatchedWait
        let failure: Failure
    }

    /// - Returns: `nil` where the backend cannot tell.
    func watchedUpgrade(_ base: LeaseState, _ keys: [LockKey]) throws(LockError) -> WatchedUpgrade? {
        let timing = base.update { $0.machine.timing }
        let marker = try Claim(
            id: makeID(), parts: keys.map { Claim.Part($0, .path(.exclusive)) }, timeToLive: timing.timeToLive,
            owner: base.claim.owner)
        let failure = WatchedUpgrade.Failure()
        let wait = watchedWait(
            LeaseState(claim: marker, machine: ClaimMachine(timing: timing)), beside: base,
            giveUp: { failure.set($0) })
        return wait.map { WatchedUpgrade(wait: $0, failure: failure) }
    }

    /// The marker lives anew each time.
    func publishUpgrade(_ wait: WatchedWait, of base: LeaseState) async throws(LockError) {
        // Without it the marker would come to be held, and keep out others.
        guard base.remaining(now: time.now) > .zero else { throw Self.notHeld(base) }
        let marker = wait.state.claim
        wait.state.update { core in
            core.machine.placeSent(at: self.time.now)
            // From here on it may be there.
            core.machine.placeAcknowledged()
        }
        _ = try await backend.place(marker, .always)
        let edges = marker.parts.map { ClaimNote.Wait(claim: marker.id, key: $0.key, since: wait.since) }
        for held in wait.held { try await note(held) { $0[marker.id] = edges } }
    }
}
