import Holdfast

/// What the owners of one graph's plan went through, and whether it was right (safety rule 35).
struct DeadlockVerdict {
    /// One that gave way: its number, and the owners of the circle that its error names, each waiting for the next.
    struct Victim {
        let number: Int
        let circle: [Int]
    }

    let plans: [DeadlockTrial.Plan]

    /// Whether exactly those gave way who must, each with a circle that was there and that it closed.
    ///
    /// - Throws: ``ConformanceFailure`` with what is wrong.
    func check(_ victims: [Victim]) throws {
        for victim in victims { try check(victim) }
        let expected = try DeadlockOracle(plans).victims
        let found = victims.map(\.number).sorted()
        try require(found == expected, "\(found) gave way, and \(expected) should")
    }

    private func check(_ victim: Victim) throws {
        let circle = victim.circle
        try require(circle.count >= 2, "\(victim.number) gave way to \(circle), which is no circle")
        try require(Set(circle).count == circle.count, "\(circle) passes somebody twice")
        try require(
            circle.max() == victim.number, "\(victim.number) gave way in \(circle), and waited last in it is another")
        for (owner, next) in zip(circle, circle.dropFirst() + circle.prefix(1)) {
            try require(waits(owner, for: next), "\(owner) does not wait for \(next), as \(circle) says")
        }
    }

    /// Whether one holds what the other wants, or asked before it. Owners ask in the order of their numbers.
    private func waits(_ owner: Int, for other: Int) -> Bool {
        let before = plans[other].holds + (other < owner ? plans[other].wants : [])
        return plans[owner].wants.contains { part in
            before.contains { earlier in
                guard earlier.key == part.key else { return false }
                // Of permits each one counts: whether all are enough is the oracle's matter.
                if case .permits = part.mode { return true }
                return part.mode.isBlocked(by: earlier.mode)
            }
        }
    }
}
