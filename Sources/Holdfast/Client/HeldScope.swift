/// The bodies of `withLock` that the current task runs in, innermost first: the task tree that owns their claims.
///
/// It is a task local, so child tasks see it, and so do unstructured tasks that are started in a body. What they may
/// do with it is decided on the live lease, not on the scope.
final class HeldScope: Sendable {
    @TaskLocal static var current: HeldScope?

    let state: LeaseState
    let client: LockClient
    /// Which entry into the lock this scope is: 0 for the body that took it.
    let entry: UInt64
    /// Whether what is upgradeable is exclusive here.
    let isUpgraded: Bool
    let parent: HeldScope?

    init(state: LeaseState, client: LockClient, entry: UInt64 = 0, isUpgraded: Bool = false, parent: HeldScope?) {
        self.state = state
        self.client = client
        self.entry = entry
        self.isUpgraded = isUpgraded
        self.parent = parent
    }

    fileprivate var parts: [Claim.Part] {
        guard isUpgraded else { return state.claim.parts }
        return state.claim.parts.map {
            $0.mode == .path(.upgradeable) ? Claim.Part($0.key, .path(.exclusive)) : $0
        }
    }
}

/// How a claim stands to those that its owner holds already.
enum Nesting {
    /// It holds none of the keys.
    case apart
    /// It holds some in modes that may meet: to be placed only where it would be held at once, since behind any waiter
    /// it would wait for itself.
    case onlyIfFree
    /// It rides on a held claim: nested readers, or an entry into its own lock.
    case rides(HeldScope, isReader: Bool)
}

extension LockClient {
    /// Decides how a new claim may be placed beside what the current task tree holds.
    ///
    /// - Throws: ``LockError/Code/wouldDeadlock`` where waiting would never end.
    func nesting(of parts: [Claim.Part], reentrant: Bool) throws(LockError) -> Nesting {
        var nesting = Nesting.apart
        var scope = HeldScope.current
        while let held = scope {
            scope = held.parent
            guard held.client === self, held.state.phase == .held else { continue }
            let own = held.parts
            let meeting = parts.filter { part in own.contains { $0.key == part.key } }
            guard !meeting.isEmpty else { continue }
            let covers = parts.allSatisfy { part in own.contains { $0.covers(part) } }
            let readersOnly =
                parts.allSatisfy(\.mode.isReader) && held.state.claim.parts.allSatisfy(\.mode.lendsToReaders)
            if covers, reentrant || readersOnly { return .rides(held, isReader: readersOnly) }
            for part in meeting {
                guard own.contains(where: { $0.key == part.key && $0.meets(part) }) else {
                    throw LockError(
                        .wouldDeadlock,
                        "this task tree holds the key already, in a mode that excludes \(part.mode); "
                            + "ask for a reentrant lock, or take all keys in one claim",
                        key: part.key)
                }
            }
            nesting = .onlyIfFree
        }
        return nesting
    }

    static func wouldQueueBehindItself(_ key: LockKey) -> LockError {
        LockError(
            .wouldDeadlock,
            "this task tree holds the key already and would queue behind a claim that waits for it; "
                + "take all in one claim",
            key: key)
    }
}

extension LeaseState.Core {
    /// - Returns: `nil` where another entry is the innermost one.
    mutating func enter(from entry: UInt64) -> UInt64? {
        guard (entries.last ?? 0) == entry else { return nil }
        lastEntry += 1
        entries.append(lastEntry)
        return lastEntry
    }
}

extension LeaseState {
    /// Enters the lock once more, from `scope`. Only the innermost entry may: siblings exclude each other.
    func enter(from scope: HeldScope) throws(LockError) -> UInt64 {
        let entry: UInt64? = update { core in
            core.machine.isHeld ? core.enter(from: scope.entry) : nil
        }
        guard let entry else {
            throw LockError(
                .wouldDeadlock, "another child task has entered this lock; one at a time may",
                key: claim.key)
        }
        return entry
    }

    func leave(_ entry: UInt64) {
        update { core in core.entries.removeAll { $0 == entry } }
    }
}

extension LockMode {
    /// Whether a nested reader needs no entry of its own: an upgradeable claim lets none in behind it.
    fileprivate var lendsToReaders: Bool { isReader || isIntention || self == .path(.upgradeable) }
}

extension Claim.Part {
    /// Whether who holds this part needs no claim of its own for `wanted`.
    fileprivate func covers(_ wanted: Claim.Part) -> Bool {
        guard key == wanted.key else { return coversBelow(wanted) }
        switch (mode, wanted.mode) {
        case (.exclusive, .exclusive), (.exclusive, .shared), (.shared, .shared): return true
        case (.permits(let held, let limit), .permits(let count, let wantedLimit)):
            return limit == wantedLimit && count <= held
        case (.path(let held), .path(let asked)): return held.covers(asked)
        default: return false
        }
    }

    /// The same of a part on a path that this one's path is an ancestor of.
    private func coversBelow(_ wanted: Claim.Part) -> Bool {
        guard case .path(let held) = mode, case .path(let asked) = wanted.mode else { return false }
        return held.coversBelow(asked) && LockPath.isAncestor(key, of: wanted.key)
    }

    /// Whether one owner may hold both at once.
    fileprivate func meets(_ wanted: Claim.Part) -> Bool {
        mode.mayMeet(wanted.mode) && !wanted.mode.isBlocked(by: mode)
    }
}
