/// What one call may choose differently from the client's configuration.
public struct LockOptions: Sendable, Hashable {
    /// How long the claim lives after its last renewal; the configuration's by default.
    public var timeToLive: Duration?
    /// How long the lock may be held at most, however often it is renewed; the configuration's by default.
    public var maxHold: Duration?
    /// How long `withLock` keeps the lock at least, from the grant, however soon the body ends.
    ///
    /// For what clocks start on several machines at once: whoever comes late finds the lock taken, and with `wait: .no`
    /// leaves it. The result is returned when the body has ended; the client's `run()` keeps and releases the lock, and
    /// its graceful shutdown waits for that. A crash leaves it held for its time to live. An entry into an own lock
    /// keeps that as it is.
    public var minHold: Duration?
    /// Whether the body of an enclosing `withLock` that holds these keys may enter once more, one child task at a time.
    public var reentrant: Bool
    /// What the owner says of itself in listings; the configuration's by default.
    public var label: String?
    /// What is written with the place, so that the claim is never without it.
    package var note: ClaimNote = .empty
    /// Whether the claim goes to the end of the queue where it is asked for while it waits: elections do.
    package var stepsBack = false

    public init(
        timeToLive: Duration? = nil, maxHold: Duration? = nil, minHold: Duration? = nil, reentrant: Bool = false,
        label: String? = nil
    ) {
        self.timeToLive = timeToLive
        self.maxHold = maxHold
        self.minHold = minHold
        self.reentrant = reentrant
        self.label = label
    }
}
