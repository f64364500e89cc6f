import Holdfast

extension Checkers {
    /// I1 of paths: no two believe in locks of which one covers the other and excludes it.
    ///
    /// It looks at what was wanted alone. That intentions on the ancestors keep the two apart is what it checks, so
    /// that they prove nothing to it.
    public static func pathExclusion(_ history: History) -> [Violation] { pathExclusion(history.holds) }

    static func pathExclusion(_ holds: [History.Hold]) -> [Violation] {
        let believers = holds.compactMap { hold -> (hold: History.Hold, begin: History.Moment, wanted: [Claim.Part])? in
            let wanted = hold.parts.filter(\.isOfPath)
            guard let begin = hold.acquired, begin < hold.believedUntil, !wanted.isEmpty else { return nil }
            return (hold, begin, wanted)
        }
        var violations: [Violation] = []
        for (index, one) in believers.enumerated() {
            for other in believers[..<index]
            where one.begin < other.hold.believedUntil && other.begin < one.hold.believedUntil {
                for (part, covered) in one.wanted.flatMap({ part in other.wanted.map { (part, $0) } })
                where meet(part.key, covered.key) && !canMeet([part.mode, covered.mode]) {
                    violations.append(
                        Violation(
                            "I1",
                            "\(one.hold.name) believes in \(part.mode) on \(part.key.text.debugDescription), while "
                                + "\(other.hold.name) does in \(covered.mode) on \(covered.key.text.debugDescription)"))
                }
            }
        }
        return violations
    }

    /// Whether one is the other, or is above it: by whole components.
    private static func meet(_ one: LockKey, _ other: LockKey) -> Bool {
        let (one, other) = (one.text.split(separator: "/"), other.text.split(separator: "/"))
        return zip(one, other).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }
}

extension Claim.Part {
    fileprivate var isOfPath: Bool {
        if case .path(let mode) = mode { !mode.isIntention } else { false }
    }
}
