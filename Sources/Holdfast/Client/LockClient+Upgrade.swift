import Logging

extension Lease {
    /// Runs `body` while this upgradeable lease on a path is exclusive: alone on the path and on all below it.
    ///
    /// It waits for the readers that were there before the lease; nobody was let in behind it. What was read under the
    /// lease is still true in the body: no writer comes between. When the body has ended the lease is upgradeable
    /// again; so it is where the wait fails.
    ///
    /// The body's lease is this one, with the same token; its writes pass a fence as those of exclusive leases. Where
    /// it is lost the body is cancelled, and ``LockError/Code/leaseLost`` thrown when it has ended. Readers nested in
    /// the lease ride on it: they are not waited for.
    ///
    /// One listing of the path's queue where nobody else reads (of each, where it has several); then one for each
    /// look, after 20 ms at first, and after longer pauses of up to a second. The mode is the update mode of Gray and
    /// Reuter (Transaction Processing, 1993).
    ///
    /// - Parameters:
    ///   - wait: what to do where others read; for ever by default.
    ///   - body: the critical section. On an exclusive lease it runs at once.
    /// - Throws: what the body throws; `CancellationError` where the task was cancelled before it was alone;
    ///   ``LockError/Code/busy`` (`wait: .no`), ``LockError/Code/timedOut``, ``LockError/Code/deadlock``;
    ///   ``LockError/Code/wouldDeadlock`` at once for a lease that is not upgradeable, for a second upgrade of a lease,
    ///   and where this task tree reads below it by an earlier claim; ``LockError/Code/leaseLost``;
    ///   ``LockError/Code/unavailable`` (`wait: .no`); ``LockError/Code/unsupported`` where claims cannot be listed;
    ///   ``LockError/Code/limitExceeded`` where there are more below the path than a listing has room for.
    public func withUpgrade<R: Sendable>(
        wait: Wait = .forever, _ body: @escaping @Sendable (Lease) async throws -> R
    ) async throws -> R {
        try await client.withUpgrade(of: state, wait: wait, body)
    }
}

extension LockClient {
    /// The most claims on one key that a look reads.
    private static let lookLimit = 4096

    fileprivate func withUpgrade<R: Sendable>(
        of state: LeaseState, wait: Wait, _ body: @escaping @Sendable (Lease) async throws -> R
    ) async throws -> R {
        let lease = Lease(state: state, client: self)
        if state.claim.isExclusive { return try await body(lease) }
        let keys = try upgradeableKeys(of: state)
        let entry = try state.beginUpgrade(from: HeldScope.entry(into: state))
        defer { state.endUpgrade(entry) }
        do throws(LockError) {
            try await awaitAlone(state, keys, wait)
            guard state.remaining(now: time.now) > .zero else { throw Self.notHeld(state) }
        } catch {
            guard error.code != .cancelled else { throw CancellationError() }
            throw error
        }
        let scope = HeldScope(
            state: state, client: self, entry: entry, isUpgraded: true, parent: HeldScope.current)
        let result = await whileHeld(state) { await self.run(body, lease, in: scope) }
        guard state.remaining(now: time.now) > .zero else { throw lost(Self.notHeld(state), in: result) }
        return try result.get()
    }

    /// Runs the body in a child task, which is cancelled where the lease is lost. Its owner may be another task.
    private func whileHeld<R: Sendable>(
        _ state: LeaseState, _ body: @escaping @Sendable () async -> Result<R, any Error>
    ) async -> Result<R, any Error> {
        await withTaskGroup(of: Result<R, any Error>?.self) { group in
            group.addTask { await body() }
            group.addTask {
                _ = await state.whenOver()
                return nil
            }
            while let end = await group.next() {
                group.cancelAll()
                if let end { return end }
            }
            return .failure(CancellationError())
        }
    }

    /// The keys that are to be exclusive.
    private func upgradeableKeys(of state: LeaseState) throws(LockError) -> [LockKey] {
        try admitListing()
        let keys = state.claim.parts.filter { $0.mode == .path(.upgradeable) }.map(\.key)
        let others = state.claim.parts.filter { !keys.contains($0.key) }
        guard !keys.isEmpty, others.allSatisfy({ $0.mode.isIntention || $0.mode.isExclusive }) else {
            throw LockError(
                .wouldDeadlock,
                "only an upgradeable lease on a path can be upgraded: two readers would wait for each other; "
                    + "take it with .upgradeable", key: state.claim.key)
        }
        for held in ownHeld() where held !== state {
            guard let own = held.claim.parts.first(where: { keys.contains($0.key) }) else { continue }
            throw LockError(
                .wouldDeadlock, "this task tree has another claim on the key, \(own.mode); release it first",
                key: own.key)
        }
        return keys
    }

    private func awaitAlone(_ state: LeaseState, _ keys: [LockKey], _ wait: Wait) async throws(LockError) {
        let patience = Patience(wait, now: time.now)
        do throws(LockError) {
            if try await isAlone(state, keys) { return }
        } catch {
            guard error.code == .unavailable, !patience.isOver(now: time.now) else { throw error }
        }
        guard !patience.isOver(now: time.now) else { throw patience.failure(state.claim.key) }
        let upgrade = try watchedUpgrade(state, keys)
        let failure = await withTaskGroup(of: LockError?.self) { group in
            group.addTask { await self.look(at: state, keys, patience) }
            if let upgrade {
                group.addTask {
                    await self.watch(upgrade.wait)
                    return upgrade.failure.current ?? Self.cancelledUpgrade
                }
            }
            defer { group.cancelAll() }
            return await group.next() ?? Self.cancelledUpgrade
        }
        if let upgrade { await unpublish(upgrade.wait) }
        if let failure { throw failure }
    }

    private static let cancelledUpgrade = LockError(
        .cancelled, "the task was cancelled while it waited for the upgrade")

    /// Looks again and again.
    ///
    /// - Returns: `nil` when it is alone.
    private func look(at state: LeaseState, _ keys: [LockKey], _ patience: Patience) async -> LockError? {
        var pace = Pace()
        var failures = 0
        while true {
            let pause = failures > 0 ? Self.backoff(failures) : pace.next()
            do throws(LockError) {
                try await sleep(for: pause, until: patience.until)
                if try await isAlone(state, keys) { return nil }
                failures = 0
            } catch {
                guard error.code == .unavailable else { return error }
                guard state.remaining(now: time.now) > .zero else { return Self.notHeld(state) }
                failures += 1
            }
            if patience.isOver(now: time.now) { return patience.failure(state.claim.key) }
        }
    }

    private func isAlone(_ state: LeaseState, _ keys: [LockKey]) async throws(LockError) -> Bool {
        for key in keys {
            let queue = try await backend.claims(on: key, limit: Self.lookLimit)
            guard state.remaining(now: time.now) > .zero else { throw Self.notHeld(state) }
            switch UpgradeRule.standing(of: state.claim.id, in: queue) {
            case .alone: continue
            case .blocked: return false
            case .absent:
                // The renewal says whether it is lost.
                look(at: [state.claim.id])
                return false
            }
        }
        return true
    }
}

extension Claim {
    /// Alone on all that it is for.
    fileprivate var isExclusive: Bool {
        parts.contains(where: \.mode.isExclusive) && parts.allSatisfy { $0.mode.isExclusive || $0.mode.isIntention }
    }
}

extension HeldScope {
    /// Which entry into a lock the current task is in: 0 where it is not below one.
    fileprivate static func entry(into state: LeaseState) -> UInt64 {
        var scope = current
        while let held = scope, held.state !== state { scope = held.parent }
        return scope?.entry ?? 0
    }
}

extension LeaseState {
    /// An upgrade is an entry, too: siblings exclude each other.
    fileprivate func beginUpgrade(from entry: UInt64) throws(LockError) -> UInt64 {
        let own: UInt64? = update { core in
            guard !core.isUpgrading, let own = core.enter(from: entry) else { return nil }
            core.isUpgrading = true
            return own
        }
        guard let own else {
            throw LockError(
                .wouldDeadlock, "another task upgrades this lease or has entered its lock; one at a time may",
                key: claim.key)
        }
        return own
    }

    fileprivate func endUpgrade(_ entry: UInt64) {
        leave(entry)
        update { $0.isUpgrading = false }
    }
}
