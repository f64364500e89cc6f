import Holdfast

/// The rules that a history of locks must keep, each as a pure function from a history to what breaks it.
///
/// Each checker is sound: what it reports is a violation. Each is shown by its tests to notice the bugs it is for.
public enum Checkers {
    /// Times that the checkers allow for.
    public struct Bounds: Sendable {
        /// Within which a waiter hears of its grant once nobody can be before it.
        public var handOff: Duration
        /// After which an operation of unknown end can no longer hold anything.
        public var longestLife: Duration

        public init(handOff: Duration, longestLife: Duration) {
            self.handOff = handOff
            self.longestLife = longestLife
        }
    }

    /// All of the rules.
    public static func all(_ history: History, bounds: Bounds) -> [Violation] {
        var violations = history.isComplete ? [] : [Violation("I0", "the history is not complete: raise its limit")]
        let holds = history.holds
        violations += beliefExclusion(holds)
        violations += pathExclusion(holds)
        violations += tokenOrder(holds, history)
        violations += releaseSafety(history)
        violations += boundedHandOff(holds, bounds)
        violations += fifo(history)
        violations += quiescence(history)
        violations += lossIsFinal(history)
        violations += theOneRule(history)
        return violations
    }

    /// I1, and I9 for what holders believe: at no moment do two believe in what excludes each other.
    public static func beliefExclusion(_ history: History) -> [Violation] { beliefExclusion(history.holds) }
    /// I2: who asks after another was granted gets a greater token, and no token of a key is given twice.
    public static func tokenOrder(_ history: History) -> [Violation] { tokenOrder(history.holds, history) }
    /// I6: a waiter that nobody can be before is granted within the bound.
    public static func boundedHandOff(_ history: History, bounds: Bounds) -> [Violation] {
        boundedHandOff(history.holds, bounds)
    }
}

extension Checkers {
    /// Walks over the beginnings and ends of beliefs on each key; the sum of those that live decides.
    static func beliefExclusion(_ holds: [History.Hold]) -> [Violation] {
        var violations: [Violation] = []
        for (key, believers) in byKey(holds.filter { $0.acquired != nil }) {
            var live: [(hold: History.Hold, mode: LockMode)] = []
            for (hold, mode) in believers.sorted(by: { $0.0.acquired ?? $0.0.invoked < $1.0.acquired ?? $1.0.invoked })
            {
                guard let begin = hold.acquired, begin < hold.believedUntil else { continue }
                live.removeAll { $0.hold.believedUntil <= begin }
                live.append((hold, mode))
                guard !canMeet(live.map(\.mode)) else { continue }
                let others = live.dropLast().map { "\($0.hold.name) (\($0.mode), until \($0.hold.believedUntil.time))" }
                violations.append(
                    Violation(
                        "I1",
                        "on \(key.text.debugDescription) \(hold.name) believes in \(mode) from \(begin.time), while "
                            + others.joined(separator: ", ") + " does"))
            }
        }
        return violations
    }

    static func tokenOrder(_ holds: [History.Hold], _ history: History) -> [Violation] {
        var violations: [Violation] = []
        for (key, takers) in byKey(holds.filter { $0.acquired != nil }) {
            var owners: [FencingToken: History.Hold] = [:]
            // In the order of invocation, beside the greatest token that was acknowledged before it.
            var acknowledged = takers.map(\.0).sorted { ($0.acquired ?? $0.invoked) < ($1.acquired ?? $1.invoked) }[...]
            var greatest: History.Hold?
            for (hold, _) in takers {
                guard let token = hold.token else { continue }
                if let other = owners.updateValue(hold, forKey: token), other.claim != hold.claim {
                    violations.append(
                        Violation(
                            "I2",
                            "\(other.name) and \(hold.name) both have token \(token) on \(key.text.debugDescription)"))
                }
                while let first = acknowledged.first, let at = first.acquired, at < hold.invoked {
                    acknowledged.removeFirst()
                    if let token = first.token, greatest?.token.map({ $0 < token }) ?? true { greatest = first }
                }
                if let greatest, let before = greatest.token, before >= token, greatest.claim != hold.claim {
                    violations.append(
                        Violation(
                            "I2",
                            "on \(key.text.debugDescription) \(hold.name) has token \(token), not above \(before), "
                                + "which \(greatest.name) had before it asked"))
                }
            }
        }
        return violations + tokensThatChanged(holds, history)
    }

    private static func tokensThatChanged(_ holds: [History.Hold], _ history: History) -> [Violation] {
        let tokens = Dictionary(holds.map { ($0.operation, $0.token) }) { first, _ in first }
        return history.events.compactMap { event in
            guard case .observed(let operation, true, let token, _) = event.kind,
                let granted = tokens[operation] ?? nil,
                token != granted
            else { return nil }
            return Violation("I2", "operation \(operation) was granted with token \(granted) and later had \(token)")
        }
    }

    static func boundedHandOff(_ holds: [History.Hold], _ bounds: Bounds) -> [Violation] {
        var violations: [Violation] = []
        let byKey = Dictionary(byKey(holds)) { first, _ in first }
        for waiter in holds where !waiter.hasCrashed {
            guard let end = waiter.acquired ?? waiter.failed else { continue }
            var ahead = waiter.invoked.time
            for part in waiter.parts {
                for (other, _) in byKey[part.key] ?? []
                where other.operation != waiter.operation && other.invoked < end {
                    ahead = max(ahead, other.lastPossibleHold(bounds))
                }
            }
            guard end.time > ahead + bounds.handOff else { continue }
            let what = waiter.acquired == nil ? "was not granted until it gave up at" : "was granted only at"
            violations.append(
                Violation("I6", "nobody could be before \(waiter.name) from \(ahead) on, and it \(what) \(end.time)"))
        }
        return violations
    }

    /// The operations of each key, in the order of their invocation; keys in order.
    static func byKey(_ holds: [History.Hold]) -> [(LockKey, [(History.Hold, LockMode)])] {
        var byKey: [LockKey: [(History.Hold, LockMode)]] = [:]
        for hold in holds { for part in hold.parts { byKey[part.key, default: []].append((hold, part.mode)) } }
        return byKey.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Whether holds of these modes may exist together: one writer, or readers, or permits up to the limit; of a path
    /// those that its table says.
    static func canMeet(_ modes: [LockMode]) -> Bool {
        var permits = 0
        var limit = Int.max
        for mode in modes {
            switch mode {
            case .exclusive where modes.count > 1: return false
            case .exclusive, .shared: continue
            case .path: return pathsCanMeet(modes)
            case .permits(let count, let theirs): (permits, limit) = (permits + count, min(limit, theirs))
            }
        }
        return permits <= limit
    }

    /// Whether a claim need not wait for one that was placed before, where those two are all.
    static func mayCome(_ later: LockMode, behind earlier: LockMode) -> Bool {
        guard case .path(let one) = earlier, case .path(let other) = later else { return canMeet([earlier, later]) }
        return comeTo[one]?.contains(other) == true
    }

    /// The table of a path's modes, written a second time: to each mode, who comes later and holds beside it.
    private static let comeTo: [PathMode: Set<PathMode>] = [
        .intentionShared: [.intentionShared, .intentionExclusive, .shared, .upgradeable],
        .intentionExclusive: [.intentionShared, .intentionExclusive],
        .shared: [.intentionShared, .shared, .upgradeable],
        .upgradeable: [],
        .exclusive: [],
    ]

    private static func pathsCanMeet(_ modes: [LockMode]) -> Bool {
        modes.indices.allSatisfy { index in
            modes[..<index].allSatisfy { mayCome($0, behind: modes[index]) || mayCome(modes[index], behind: $0) }
        }
    }
}

extension History.Hold {
    /// Until when this operation can have stood before another at the backend.
    fileprivate func lastPossibleHold(_ bounds: Checkers.Bounds) -> Duration {
        if let freed { return isUnknown ? max(freed.time, lastSign + bounds.longestLife) : freed.time }
        // Not ended as far as the history goes: it stands before all others for ever.
        guard ended != nil || failed != nil || acquired != nil && isUnknown else {
            return acquired == nil ? .seconds(1 << 40) : deadline + bounds.longestLife
        }
        return lastSign + bounds.longestLife
    }

    private var lastSign: Duration { [ended, failed, acquired].compactMap { $0?.time }.max() ?? invoked.time }
}
