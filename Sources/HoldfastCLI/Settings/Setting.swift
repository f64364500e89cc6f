/// What may be set by the environment and the configuration file too; a flag on the command line stands over both.
enum Setting: String, CaseIterable, Sendable {
    case store = "HOLDFAST_STORE"
    case timeToLive = "HOLDFAST_TTL"
    case maxHold = "HOLDFAST_MAX_HOLD"
    case killAfter = "HOLDFAST_KILL_AFTER"
    case onLost = "HOLDFAST_ON_LOST"

    /// A store's URL may carry a password.
    var isSecret: Bool { self == .store }
}
