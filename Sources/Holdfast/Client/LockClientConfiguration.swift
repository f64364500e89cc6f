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
    /// How long a claim waits before its owner, if it holds others meanwhile, says what it waits for, and looks for
    /// a deadlock after a half of it, a quarter, and then once in each: 1 s; `nil` never looks.
    public var deadlockThreshold: Duration? = .seconds(1)
    /// Whether keys that are taken in two orders are told, by ``LockEvent/Kind/orderInverted(held:)`` and a warning:
    /// that may become a deadlock one day. On in debug builds of the library.
    public var checksLockOrder = isDebugBuild
    /// Where claim ids and jitter come from; the system's generator by default. For reproducible tests.
    public var randomSeed: UInt64?

    public init(timeToLive: Duration = .seconds(30), maxHold: Duration? = nil, label: String = "") {
        self.timeToLive = timeToLive
        self.maxHold = maxHold
        self.label = label
    }

    /// Of the library, not of the program.
    private static let isDebugBuild: Bool = {
        #if DEBUG
        true
        #else
        false
        #endif
    }()

    func validate() throws(LockError) {
        try validate(timeToLive: timeToLive)
        try Self.validate(maxHold: maxHold)
        try Self.validate(label: label)
        if let deadlockThreshold, deadlockThreshold < Self.shortestDeadlockThreshold {
            throw LockError(
                .invalidArgument,
                "a threshold for deadlocks is \(Self.shortestDeadlockThreshold) or more, not \(deadlockThreshold)")
        }
    }

    /// Less would ask the store about every short wait.
    static let shortestDeadlockThreshold: Duration = .milliseconds(100)

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
