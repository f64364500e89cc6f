/// What became of the deliveries of a trial of `once`, and whether that may be.
package struct OnceTally: Sendable, CustomStringConvertible {
    package let seed: UInt64
    /// How often each message was to be delivered.
    package let copies: Int
    /// Processes that were killed, and how many of them had a delivery in hand.
    package internal(set) var kills = 0
    package internal(set) var killsInHand = 0
    /// Deliveries that the process said to have failed, by the error's code.
    package internal(set) var failures: [String: Int] = [:]
    package internal(set) var elapsed: Duration = .zero

    /// The following by message. How often its body came as far as its effect.
    package internal(set) var bodies: [Int]
    /// How often its effect was applied, where that commits with a mark of its key.
    package internal(set) var effects: [Int]?
    /// Deliveries that were acknowledged, and that were not: killed, or failed.
    package internal(set) var acknowledged: [Int]
    package internal(set) var unanswered: [Int]
    /// Acknowledged deliveries that said that they ran the body.
    package internal(set) var runs: [Int]
    /// The results that deliveries were given.
    package internal(set) var results: [Set<String>]

    package init(messages: Int, copies: Int, seed: UInt64) {
        self.seed = seed
        self.copies = copies
        let none = Array(repeating: 0, count: messages)
        (bodies, acknowledged, unanswered, runs) = (none, none, none, none)
        results = Array(repeating: [], count: messages)
    }

    /// Bodies beyond the first of each message.
    package var repeated: Int { bodies.reduce(0) { $0 + max(0, $1 - 1) } }

    package var description: String {
        """
        seed \(seed): \(bodies.count) messages, \(acknowledged.reduce(0, +)) deliveries acknowledged, \(kills) kills \
        (\(killsInHand) with a delivery in hand), \(failures.values.reduce(0, +)) failed \(failures), \
        \(repeated) bodies repeated, \
        effects \(effects.map { "\($0.min() ?? 0) to \($0.max() ?? 0)" } ?? "not counted"), \(elapsed)
        """
    }

    /// What must never be, whatever is killed.
    ///
    /// A body is run again only where nobody knows what became of it: so each repetition has a delivery of the same
    /// message that was not acknowledged.
    package var violations: [String] {
        var violations: [String] = []
        for message in bodies.indices {
            if bodies[message] == 0 { violations.append("message \(message): its effect is lost") }
            if bodies[message] - 1 > unanswered[message] {
                violations.append(
                    "message \(message): \(bodies[message]) bodies, \(unanswered[message]) deliveries without an answer"
                )
            }
            if runs[message] > 1 {
                violations.append("message \(message): \(runs[message]) callers were told they ran it")
            }
            if results[message].count > 1 { violations.append("message \(message): results \(results[message])") }
            if acknowledged[message] != copies {
                violations.append("message \(message): \(acknowledged[message]) of \(copies) deliveries acknowledged")
            }
            if let effects, effects[message] != 1 {
                violations.append("message \(message): its effect was applied \(effects[message]) times, not once")
            }
        }
        return violations
    }

    /// Sets what was counted, as if each delivery but those had been acknowledged: for what judges the judge.
    package mutating func record(bodies: [Int], unanswered: [Int], effects: [Int]) {
        (self.bodies, self.unanswered, self.effects) = (bodies, unanswered, effects)
        acknowledged = bodies.map { _ in copies }
    }
}
