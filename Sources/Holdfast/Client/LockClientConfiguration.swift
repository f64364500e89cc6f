/// How a client takes its locks. Every bound has a default that suits a server.
public struct LockClientConfiguration: Sendable {
    /// How long a claim lives after its last renewal: 30 s. Renewed at a third of it.
    public var timeToLive: Duration
    /// How long a lock may be held at most; `nil`, the default, sets no bound.
    public var maxHold: Duration?
    /// What the owner says of itself in listings.
    public var label: String
    /// Who the owner is said to be; this process by default.
    public var owner: Owner?
    /// The shortest time to live that a caller may ask for: 1 s.
    public var shortestTimeToLive: Duration = .seconds(1)
    /// The longest time to live that a caller may ask for: 24 h.
    public var longestTimeToLive: Duration = .seconds(24 * 3600)
    /// The most claims of this client at once, held and waiting: 1,000,000.
    public var claimsLimit = 1_000_000
    /// The most claims in one request of the renewal: 1,000.
    public var renewalBatchLimit = 1_000
    /// The most removals in the background at once: 64.
    public var removalsLimit = 64
    /// How long an acquire waits for `run()` to begin: 10 s.
    public var startLimit: Duration = .seconds(10)
    /// How long the end of `run()` waits for removals that the store does not confirm: 10 s. What is left ends with its
    /// life.
    public var stopLimit: Duration = .seconds(10)
    /// How long a cancelled or timed-out caller waits for the removal of its claim: 1 s. It goes on in the background.
    public var removalWaitLimit: Duration = .seconds(1)
    /// Where claim ids and jitter come from; the system's generator by default. For reproducible tests.
    public var randomSeed: UInt64?

    public init(timeToLive: Duration = .seconds(30), maxHold: Duration? = nil, label: String = "") {
        self.timeToLive = timeToLive
        self.maxHold = maxHold
        self.label = label
    }

    func validate() throws(LockError) {
        try validate(timeToLive: timeToLive)
        try Self.validate(maxHold: maxHold)
        try Self.validate(label: label)
    }

    func validate(timeToLive: Duration) throws(LockError) {
        guard timeToLive >= shortestTimeToLive, timeToLive <= longestTimeToLive else {
            throw LockError(
                .invalidArgument,
                "a time to live is \(shortestTimeToLive) to \(longestTimeToLive); \(timeToLive) was asked for")
        }
    }

    static func validate(maxHold: Duration?) throws(LockError) {
        guard let maxHold else { return }
        guard maxHold > .zero, maxHold <= longestHold else {
            throw LockError(
                .invalidArgument, "maxHold is more than zero and at most \(longestHold); \(maxHold) was asked for")
        }
    }

    static func validate(minHold: Duration?, maxHold: Duration?) throws(LockError) {
        guard let minHold else { return }
        guard minHold > .zero, minHold <= maxHold ?? longestHold else {
            throw LockError(
                .invalidArgument,
                "minHold is more than zero and at most maxHold, or \(longestHold); \(minHold) was asked for")
        }
    }

    static func validate(label: String) throws(LockError) {
        guard label.utf8.count <= Owner.labelBytesLimit else {
            throw LockError(.invalidArgument, "a label has at most \(Owner.labelBytesLimit) bytes of UTF-8")
        }
    }

    /// Ten years: beyond it a bound means nothing, and sums of times stay far from overflow.
    static let longestHold: Duration = .seconds(10 * 365 * 24 * 3600)
}
