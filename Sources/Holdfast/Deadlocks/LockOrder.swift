import Synchronization

/// Which keys were taken while which were held: two orders of the same keys are a deadlock that has not happened yet.
///
/// Keys are compared as they are, so that it finds what one run of a program has really done.
struct LockOrder: Sendable {
    /// The most pairs that are kept: what comes later is not checked.
    static let pairsLimit = 10_000

    private var after: [LockKey: Set<LockKey>] = [:]
    /// What somebody has taken itself, and not something below it alone.
    private var taken: Set<LockKey> = []
    private var pairsCount = 0

    /// Notes that `keys` are asked for while `held` are held.
    ///
    /// - Parameter intended: those of them that only something below is taken of: intentions keep nobody out.
    /// - Returns: the first pair that was, directly or by way of others, in the other order before; each is told once.
    mutating func taking(
        _ keys: [LockKey], holding held: [LockKey], intended: Set<LockKey> = []
    ) -> (held: LockKey, asked: LockKey)? {
        var inverted: (held: LockKey, asked: LockKey)?
        if pairsCount < Self.pairsLimit { taken.formUnion(Set(keys + held).subtracting(intended)) }
        for first in held {
            for second in keys where second != first && after[first]?.contains(second) != true {
                guard pairsCount < Self.pairsLimit else { return inverted }
                if inverted == nil, taken.isSuperset(of: [first, second]), leads(from: second, to: first) {
                    inverted = (first, second)
                }
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
            if seen.insert(key).inserted { open += (after[key] ?? []).intersection(taken) }
        }
        return false
    }
}

extension LockClient {
    /// Tells of keys that this task tree takes in another order than some tree did before.
    func checkOrder(of parts: [Claim.Part]) {
        guard configuration.checksLockOrder, HeldScope.current != nil else { return }
        let held = ownHeld().flatMap(\.claim.parts)
        guard !held.isEmpty else { return }
        let all = Set((parts + held).map(\.key))
        let taken = Set((parts + held).lazy.filter { !$0.mode.isIntention }.map(\.key))
        let inverted = lockOrder.withLock {
            $0.taking(parts.map(\.key), holding: held.map(\.key), intended: all.subtracting(taken))
        }
        if let inverted { observation.tellInversion(held: inverted.held, asked: inverted.asked) }
    }
}
