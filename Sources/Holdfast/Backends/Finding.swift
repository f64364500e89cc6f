/// One thing that the examination of a store found: for an operator who asks whether locks are safe there.
public struct Finding: Sendable, Hashable {
    /// How much it matters.
    public enum Weight: String, Sendable, Hashable, Codable {
        /// As it should be.
        case fine
        /// Worth knowing; locks hold.
        case notice
        /// Endangers locks.
        case danger
    }

    public let weight: Weight
    /// What was looked at, in a word or two: `version`, `clock`, `eviction`.
    public let subject: String
    /// What was seen.
    public let text: String
    /// What to do about it.
    public let remedy: String?

    public init(_ weight: Weight, _ subject: String, _ text: String, remedy: String? = nil) {
        self.weight = weight
        self.subject = subject
        self.text = text
        self.remedy = remedy
    }
}
