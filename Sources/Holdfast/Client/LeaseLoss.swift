/// Why a lease was lost.
public enum LeaseLoss: String, Sendable, Hashable, Codable {
    /// No renewal was acknowledged in time.
    case expired
    /// The backend no longer has the claim: it expired there, or was removed by force.
    case removed
    /// An operator asked the holder to let go.
    case asked
    /// It was held for as long as it may be.
    case maxHold
    /// The client's `run()` was cancelled.
    case clientStopped
}
