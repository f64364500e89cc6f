/// Something that happened to one of a client's locks.
public struct LockEvent: Sendable {
    /// What happened.
    public enum Kind: Sendable, Hashable {
        /// The claim is held, at once or after its wait.
        case acquired
        /// The claim must wait: others are before it.
        case waited
        /// No renewal was acknowledged for two thirds of the time to live.
        case atRisk
        case lost(LeaseLoss)
        case released
        /// The caller gave up: timed out, busy, cancelled or failed.
        case failed(LockError.Code)
        /// A key is asked for while `held` is held; they were taken in the other order before: a deadlock may come.
        case orderInverted(held: LockKey)
    }

    public let kind: Kind
    public let parts: [Claim.Part]
    public let id: Claim.ID?
    public let token: FencingToken?
    /// The wait, for ``Kind/acquired`` and ``Kind/failed(_:)``; the hold, for ``Kind/released`` and ``Kind/lost(_:)``.
    public let duration: Duration
}
