import Synchronization

/// Which keys were taken while which were held: two orders of the same keys are a deadlock that has not happened yet.
///
/// Keys are compared as they are, so that it finds what one run of a program has really done.
struct LockOrder: Sendable {
    /// The most pairs that are kept: what comes later is not checked.
    static let pairsLimit = 10_000

    private var after: [LockKey: Set<LockKey>] = [:]
    private var pairsCount = 0

    /// Notes that `keys` are asked for while `held` are held.
    ///
    /// - Returns: the first pair that was, directly or by way of others, in the other order before; each is told once.
    mutating func taking(_ keys: [LockKey], holding held: [LockKey]) -> (held: LockKey, asked: LockKey)? {
        var inverted: (held: LockKey, asked: LockKey)?
        for first in held {
            for second in keys where second != first && after[first]?.contains(second) != true {
                guard pairsCount < Self.pairsLimit else { return inverted }
                if inverted == nil, leads(from: second, to: first) { inverted = (first, second) }
                after[first, default: []].insert(second)
                pairsCount += 1
            }
        }
        return inverted
    }

    private func leads(from start: LockKey, to end: LockKey) -> Bool {
        var seen: Set<LockKey> = []
        var open = [start]
        while let key = open.popLast() {
            if key == end { return true }
            if seen.insert(key).inserted { open += after[key] ?? [] }
        }
        return false
    }
}

extension LockClient {
    /// Tells of keys that this task tree takes in another order than some tree did before.
    func checkOrder(of parts: [Claim.Part]) {
        guard configuration.checksLockOrder, HeldScope.current != nil else { return }
        let held = ownHeld().flatMap { $0.claim.parts.map(\.key) }
        guard !held.isEmpty else { return }
        let inverted = lockOrder.withLock { $0.taking(parts.map(\.key), holding: held) }
        if let inverted { observation.tellInversion(held: inverted.held, asked: inverted.asked) }
    }
}
