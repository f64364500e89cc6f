import Holdfast

extension Checkers {
    /// I5: a verb of one claim never changes another's hold, and brings back nothing that is gone.
    public static func releaseSafety(_ history: History) -> [Violation] {
        history.events.flatMap { event -> [Violation] in
            guard case .verb(let verb, let before, let after) = event.kind else { return [] }
            var violations: [Violation] = []
            let was = Dictionary(grouping: before, by: \.id)
            let isNow = Dictionary(grouping: after, by: \.id)
            var targets: Set<Claim.ID> = []
            var name = ""
            switch verb {
            case .place(let id): (targets, name) = ([id], "the place of \(id)")
            case .extend(let ids):
                (targets, name) = (Set(ids), "an extend of \(ids.map(\.description).joined(separator: ", "))")
            case .remove(let id): (targets, name) = ([id], "the removal of \(id)")
            }
            for state in before where !targets.contains(state.id) {
                guard let now = isNow[state.id]?.first(where: { $0.key == state.key }) else {
                    violations.append(Violation("I5", "\(name) took away \(state) at \(event.time)"))
                    continue
                }
                if state.token != nil, now.token != state.token {
                    violations.append(Violation("I5", "\(name) changed \(state) into \(now) at \(event.time)"))
                }
            }
            for state in after where was[state.id] == nil {
                if case .place(state.id) = verb { continue }
                violations.append(Violation("I5", "\(name) brought back \(state) at \(event.time)"))
            }
            return violations
        }
    }

    /// I7: of two claims that exclude each other, the one that was placed first is granted first.
    public static func fifo(_ history: History) -> [Violation] {
        var violations: [Violation] = []
        var waiting: [(id: Claim.ID, parts: [Claim.Part])] = []
        var parts: [Claim.ID: [Claim.Part]] = [:]
        for event in history.events {
            switch event.kind {
            case .placed(let id, let claimed):
                // A place that was repeated after the claim was gone begins a new wait.
                parts[id] = claimed
                waiting.append((id, claimed))
            case .granted(let id, _):
                guard let own = parts[id], waiting.contains(where: { $0.id == id }) else { continue }
                for earlier in waiting.prefix(while: { $0.id != id }) where excludes(earlier.parts, own) {
                    violations.append(
                        Violation(
                            "I7", "\(id) was granted at \(event.time), before \(earlier.id), which was placed first"))
                }
                waiting.removeAll { $0.id == id }
            case .gone(let id): waiting.removeAll { $0.id == id }
            default: continue
            }
        }
        return violations
    }

    /// I8: after all clients have ended and every life is over, nothing is left.
    public static func quiescence(_ history: History) -> [Violation] {
        history.events.flatMap { event -> [Violation] in
            guard case .quiesced(let claims, let waiters) = event.kind else { return [] }
            var violations = claims.map { Violation("I8", "left over at the end: \($0)") }
            if waiters > 0 { violations.append(Violation("I8", "\(waiters) tasks still wait at the end")) }
            return violations
        }
    }

    /// I11: who was lost, released or past its deadline never believes again.
    public static func lossIsFinal(_ history: History) -> [Violation] {
        var over: [Int: String] = [:]
        var deadlines: [Int: Duration] = [:]
        var violations: [Violation] = []
        for event in history.events {
            switch event.kind {
            case .ok(let operation, _, _, let deadline): deadlines[operation] = deadline
            case .lost(let operation, let reason): over[operation] = over[operation] ?? "it was lost (\(reason))"
            case .releasing(let operation): over[operation] = over[operation] ?? "its release"
            case .observed(let operation, let isHeld, _, let deadline):
                guard isHeld else {
                    over[operation] = over[operation] ?? "it was seen as no longer held"
                    continue
                }
                if let reason = over[operation] {
                    violations.append(
                        Violation("I11", "operation \(operation) believes at \(event.time), after \(reason)"))
                }
                deadlines[operation] = max(deadlines[operation] ?? deadline, deadline)
                if let last = deadlines[operation], event.time > last {
                    violations.append(
                        Violation("I11", "operation \(operation) believes at \(event.time), past its deadline \(last)"))
                }
            default: continue
            }
        }
        return violations
    }

    /// I9 and the one rule at the backend: whoever is held was blocked by nobody, and nobody waits without a blocker.
    public static func theOneRule(_ history: History) -> [Violation] {
        history.events.flatMap { event -> [Violation] in
            guard case .verb(_, _, let after) = event.kind else { return [] }
            return theOneRule(after).map { Violation($0.invariant, $0.text + " at \(event.time)") }
        }
    }

    /// The same for one listing in queue order.
    public static func theOneRule(_ states: [ClaimState]) -> [Violation] {
        var violations: [Violation] = []
        var isBlocked: Set<Claim.ID> = []
        for (key, queue) in Dictionary(grouping: states, by: \.key).sorted(by: { $0.key < $1.key }) {
            let held = queue.filter { $0.token != nil }
            let areTogetherRightly = canMeet(held.map(\.mode))
            if !areTogetherRightly {
                let names = held.map { "\($0.id) (\($0.mode))" }.joined(separator: ", ")
                violations.append(Violation("I9", "held together on \(key.text.debugDescription): \(names)"))
            }
            for (index, state) in queue.enumerated() where !stands(state.mode, behind: queue[..<index].map(\.mode)) {
                isBlocked.insert(state.id)
                guard state.token != nil, areTogetherRightly else { continue }
                violations.append(Violation("I7", "\(state) is held behind an earlier claim that blocks it"))
            }
        }
        for state in states where state.token == nil && !isBlocked.contains(state.id) {
            violations.append(Violation("I6", "\(state) though nobody blocks it: its wake-up was lost"))
        }
        return violations
    }

    /// Whether a claim is free of blockers behind `earlier` ones: safety's one rule, written a second time.
    private static func stands(_ mode: LockMode, behind earlier: [LockMode]) -> Bool {
        switch mode {
        case .exclusive: return earlier.isEmpty
        case .shared: return !earlier.contains(.exclusive)
        case .permits(let count, let limit):
            let sum = earlier.reduce(count) { sum, other in
                guard case .permits(let theirs, _) = other else { return limit + 1 }
                return sum + theirs
            }
            return sum <= limit
        case .path:
            // Nobody is clear behind one that waits, so that no two of all these may exclude each other.
            let queue = earlier + [mode]
            return queue.indices.allSatisfy { index in
                queue[..<index].allSatisfy { mayCome(queue[index], behind: $0) }
            }
        }
    }

    private static func excludes(_ earlier: [Claim.Part], _ later: [Claim.Part]) -> Bool {
        earlier.contains { one in
            later.contains { other in one.key == other.key && !mayCome(other.mode, behind: one.mode) }
        }
    }
}
