import Logging

/// Deadlocks between task trees, processes and hosts: found by those who wait in them, from what the others' notes say.
///
/// Nobody sends anything before it has waited for the threshold. Then it writes, on what it holds, what it waits
/// for, and follows the chain from blocker to blocker. On a circle that two readings agree on, who was placed last
/// gives way: the one that closed it.
extension LockClient {
    /// The most keys that one look reads, and claims of one key: beyond it no deadlock is seen.
    static let keysLimit = 64
    private static let queueLimit = 1024

    /// A wait that may be part of a deadlock.
    struct WatchedWait: Sendable {
        let state: LeaseState
        /// What its owner holds meanwhile.
        let held: [LeaseState]
        /// Microseconds since 1970.
        let since: Int64
        let threshold: Duration
        /// What is upgraded. The claim is then there for the search alone; see ``WatchedUpgrade``.
        let base: LeaseState?
        let giveUp: @Sendable (LockError) -> Void

        /// The edge, where one key is waited for.
        var edge: ClaimNote.Wait {
            ClaimNote.Wait(claim: state.claim.id, key: state.claim.parts[0].key, since: since)
        }
    }

    /// - Returns: `nil` where this wait can be part of no deadlock, or the backend cannot tell.
    ///
    /// - Parameters:
    ///   - base: what is held beside the task tree's.
    ///   - giveUp: ends the wait; that of `state` by default.
    func watchedWait(
        _ state: LeaseState, beside base: LeaseState? = nil, giveUp: (@Sendable (LockError) -> Void)? = nil
    ) -> WatchedWait? {
        guard let threshold = configuration.deadlockThreshold,
            capabilities.notesWaits || capabilities.findsDeadlocks && base == nil && hasBoards(state.claim)
        else { return nil }
        var held = ownHeld()
        if let base, !held.contains(where: { $0 === base }) { held.append(base) }
        guard !held.isEmpty || state.claim.parts.count > 1 else { return nil }
        return WatchedWait(
            state: state, held: held, since: WallClock.microseconds, threshold: threshold, base: base,
            giveUp: giveUp ?? { state.fail($0) })
    }

    /// What the current task tree holds of this client.
    func ownHeld() -> [LeaseState] {
        var held: [LeaseState] = []
        var scope = HeldScope.current
        while let current = scope {
            scope = current.parent
            guard current.client === self, current.state.phase == .held else { continue }
            if !held.contains(where: { $0 === current.state }) { held.append(current.state) }
        }
        return held
    }

    /// Looks for a deadlock, two or three times soon after the first threshold and then once in each, or sooner where
    /// that decides, until the task is cancelled or the wait has failed by it.
    func watch(_ wait: WatchedWait) async {
        guard capabilities.notesWaits else { return await watchBoards(wait) }
        let (began, threshold) = (time.now, wait.threshold)
        var sight = DeadlockSight(of: wait.state.claim.id)
        // At least so long before each look: others may be about to say something.
        let breath = threshold / 8
        var next = began + threshold
        var retry = breath
        var firstLooks: FirstLooks?
        while !Task.isCancelled {
            do {
                try await time.sleep(until: next)
                guard await isPublished(wait) else {
                    // Others may err who do not see what this one waits for.
                    next = time.now + retry
                    retry = min(retry * 2, threshold)
                    continue
                }
                if firstLooks == nil {
                    firstLooks = FirstLooks(began: began, published: time.now, threshold: threshold)
                }
                var due = firstLooks?.next(seesCircle: sight.seesCircle) ?? time.now
                while true {
                    try await time.sleep(until: max(due, time.now + breath))
                    if let deadlock = sight.sees(try await look(wait)) { return giveWay(wait, to: deadlock) }
                    retry = breath
                    guard let following = firstLooks?.next(seesCircle: sight.seesCircle) else { break }
                    due = following
                }
                // One more look decides about a circle that is this claim's to break; any other is in good hands.
                next = time.now + (sight.isOwn ? breath : threshold - breath)
            } catch {
                // What cannot be read now is read a little later: a circle does not go away.
                next = time.now + retry
                retry = min(retry * 2, threshold)
            }
        }
    }

    func giveWay(_ wait: WatchedWait, to deadlock: Deadlock) {
        let key = wait.state.claim.key
        let error = LockError(
            .deadlock, "this wait would never end, and was placed last of those in a circle: \(deadlock)", key: key,
            cause: deadlock)
        observation.logger.warning(
            "lock wait gives way to a deadlock",
            metadata: observation.metadata(wait.state, ["lock.deadlock": "\(deadlock)"]))
        wait.giveUp(error)
    }

    // MARK: Saying what one waits for

    private func isPublished(_ wait: WatchedWait) async -> Bool {
        do {
            try await publish(wait)
            return true
        } catch {
            return false
        }
    }

    /// Writes on what the owner holds what it waits for; on a waiting claim of several keys, which they are.
    private func publish(_ wait: WatchedWait) async throws(LockError) {
        let claim = wait.state.claim
        if let base = wait.base { return try await publishUpgrade(wait, of: base) }
        let keys = claim.parts.count == 1 ? [claim.parts[0].key] : try await blockedKeys(of: claim)
        let edges = keys.map { ClaimNote.Wait(claim: claim.id, key: $0, since: wait.since) }
        for held in wait.held { try await note(held) { $0[claim.id] = edges } }
        if claim.parts.count > 1 { try await note(wait.state) { $0[claim.id] = edges } }
    }

    /// Takes back what was written of a wait that is over. A note that stays by mistake names a claim that is gone.
    func unpublish(_ wait: WatchedWait) async {
        guard capabilities.notesWaits else { return }
        if wait.base != nil { await discard(wait.state, wasSent: wait.state.phase == .waiting) }
        for held in wait.held {
            // It says something that is over, and no more: the next note of this claim says nothing of it.
            try? await note(held) { $0[wait.state.claim.id] = nil }
        }
        // On the claim itself, if it is held now, it says nothing, and takes the room of what its owner waits for next.
        wait.state.update { $0.notes?.waits[wait.state.claim.id] = nil }
    }

    private func blockedKeys(of claim: Claim) async throws(LockError) -> [LockKey] {
        var graph = WaitGraph()
        var blocked: [LockKey] = []
        for part in claim.parts where blocked.count < ClaimNote.waitsLimit {
            graph.add(part.key, try await queue(of: part.key))
            if !graph.blockers(of: claim.id, on: part.key).isEmpty { blocked.append(part.key) }
        }
        return blocked
    }

    // MARK: Reading what the others wait for

    /// - Returns: a deadlock that stood throughout the time between two readings.
    private func look(_ wait: WatchedWait) async throws(LockError) -> Deadlock? {
        let claim = wait.state.claim
        let first = try await waitGraph(of: claim)
        guard first.deadlock(of: claim.id, since: wait.since) != nil else { return nil }
        let second = try await waitGraph(of: claim)
        return first.agreeing(with: second).deadlock(of: claim.id, since: wait.since)
    }

    /// Follows the chain from a claim's blockers to what their owners wait for.
    private func waitGraph(of claim: Claim) async throws(LockError) -> WaitGraph {
        try await waitGraph(from: claim.parts.map { ClaimNote.Wait(claim: claim.id, key: $0.key, since: 0) })
    }

    /// Who holds a key and waits for it, and whom they wait for in turn.
    package func waitGraph(on key: LockKey) async throws(LockError) -> WaitGraph {
        guard capabilities.supportsListing else {
            throw capabilities.unsupported("cannot list its claims")
        }
        let queue = try await queue(of: key)
        let held = queue.filter(\.isHeld).flatMap(\.waits)
        return try await waitGraph(
            from: queue.filter { !$0.isHeld }.map { .init(claim: $0.id, key: key, since: 0) } + held
        )
        .adding(key, queue)
    }

    /// The claims on these keys, and on those that their owners wait for, and so on; within bounds.
    func waitGraph(from waits: [ClaimNote.Wait]) async throws(LockError) -> WaitGraph {
        var graph = WaitGraph()
        var seen: Set<ClaimNote.Wait> = []
        var open = waits[...]
        while let wait = open.popFirst() {
            guard seen.insert(wait).inserted else { continue }
            if graph.queues[wait.key] == nil {
                guard graph.queues.count < Self.keysLimit else { return graph }
                graph.add(wait.key, try await queue(of: wait.key))
            }
            open += graph.waits(behind: wait.claim, on: wait.key)
        }
        return graph
    }

    /// The claims on one key, oldest first.
    private func queue(of key: LockKey) async throws(LockError) -> [ClaimRecord] {
        try await backend.claims(on: key, limit: Self.queueLimit)
    }
}
