/// What a caller does where another claim blocks its key.
public enum Wait: Sendable, Hashable {
    /// Fails at once with ``LockError/Code/busy``.
    case no
    /// Waits in the queue for at most this long, then fails with ``LockError/Code/timedOut``. Zero or less is ``no``.
    case upTo(Duration)
    /// Waits in the queue until the task is cancelled.
    case forever
}
