/// What a faulty backend does to its verbs, as rates per thousand.
public struct FaultPlan: Sendable {
    public enum Verb: String, Sendable, Hashable, CaseIterable {
        case place, grant, extend, remove, ask, annotate, claims, read, write, delete

        /// Whether it changes only what it expects, so that its repetition meets its own change.
        var isConditional: Bool { self == .write || self == .delete }
    }

    /// An answer that is not true. For proving that a check would notice.
    public enum Lie: String, Sendable, Hashable, CaseIterable {
        /// A claim that waits is said to be held.
        case heldWhileWaiting
        /// A claim that is gone is said to be extended.
        case extendedWhileGone
        /// A claim is said to be removed, and is left where it is.
        case removedWhileThere
        /// A grant carries the token of the grant before.
        case tokenRepeated
    }

    /// One verb's faults. All rates are per thousand calls.
    public struct Rates: Sendable {
        /// How long a request, and again its answer, is under way.
        public var delay: ClosedRange<Duration>
        /// Requests and answers that take up to ``longDelay``.
        public var longDelays: Int
        public var longDelay: ClosedRange<Duration>
        /// Not executed, and reported as unavailable. Writes and deletions may arrive late all the same, where
        /// ``lateDuplicates`` says so.
        public var requestsDropped: Int
        /// Executed, and reported as unavailable.
        public var repliesDropped: Int
        /// Executed twice at once.
        public var duplicates: Int
        /// Executed a second time up to ``longDelay`` later, perhaps after the claim's removal.
        public var lateDuplicates: Int

        public init(
            delay: ClosedRange<Duration> = .zero ... .zero, longDelays: Int = 0,
            longDelay: ClosedRange<Duration> = .zero ... .zero, requestsDropped: Int = 0, repliesDropped: Int = 0,
            duplicates: Int = 0, lateDuplicates: Int = 0
        ) {
            self.delay = delay
            self.longDelays = longDelays
            self.longDelay = longDelay
            self.requestsDropped = requestsDropped
            self.repliesDropped = repliesDropped
            self.duplicates = duplicates
            self.lateDuplicates = lateDuplicates
        }
    }

    public var rates: Rates
    /// Verbs that differ from ``rates``.
    public var exceptions: [Verb: Rates] = [:]
    /// None by default.
    public var lies: [Lie: Int] = [:]
    /// How long a caller waits for an answer that was dropped.
    public var patience: Duration = .milliseconds(500)

    public init(_ rates: Rates = Rates()) { self.rates = rates }

    /// No faults and no delays.
    public static let none = FaultPlan()

    func rates(for verb: Verb) -> Rates { exceptions[verb] ?? rates }
}
