/// Owners who wait for one another for ever: the cause of an error with the code ``LockError/Code/deadlock``.
public struct Deadlock: Error, Sendable, Hashable {
    /// One of the waits: its owner waits for the next step's.
    public struct Step: Sendable, Hashable {
        /// The waiting claim.
        public let claim: Claim.ID
        /// Who waits.
        public let owner: String
        /// The keys that it waits for.
        public let waitsFor: [LockKey]
        /// The keys that its owner holds meanwhile, as far as they were read.
        public let holds: [LockKey]
    }

    /// The claims that look for deadlocks, in the order in which they give way: who was placed last is first.
    package let actors: [Claim.ID]
    /// Whether each holder who is waited for says what it waits for itself. Else one may be late with it, whose wait
    /// closed another circle before.
    package let isSure: Bool
    /// The whole circle: each waits for the next one, the last for the first.
    public let steps: [Step]
}

extension Deadlock: CustomStringConvertible {
    /// One line: `A holds "x" and waits for "y", which B holds…`.
    public var description: String {
        steps.map { step in
            let held = step.holds.map { $0.text.debugDescription }.joined(separator: ", ")
            let wanted = step.waitsFor.map { $0.text.debugDescription }.joined(separator: ", ")
            return held.isEmpty
                ? "\(step.owner) waits for \(wanted)" : "\(step.owner) holds \(held) and waits for \(wanted)"
        }.joined(separator: "; ")
    }
}
