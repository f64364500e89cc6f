#if Redis
import Holdfast

/// What this client knows of a claim that it placed.
struct LocalClaim {
    enum Phase {
        /// A place is on its way, or its outcome is unknown.
        case placing
        case waiting
        /// A push or a look said so: nothing else is needed.
        case granted(FencingToken)
        /// The place's own answer said so.
        case held(FencingToken)
        /// The server no longer has it.
        case gone
    }

    /// One task's wait for the grant; its ticket tells it from another's.
    struct Waiter {
        let ticket: UInt64
        let caller: CheckedContinuation<Result<Grant, LockError>, Never>
    }

    let keys: [KeyNames]
    /// Whether an exclusive holder's string is all there is of it once it is held.
    let isExclusive: Bool
    /// In milliseconds: renewals for no less need not look at what is left.
    var longestLife: Int64
    var phase = Phase.placing
    var waiter: Waiter?

    var isWaiting: Bool { if case .waiting = phase { true } else { false } }

    var isHeld: Bool {
        switch phase {
        case .granted, .held: true
        case .placing, .waiting, .gone: false
        }
    }

    /// Claims on the same keys stand in the same order on each: the oldest says whether it is worth to ask for others.
    var group: String { keys.count == 1 ? keys[0].string : keys.map(\.string).joined(separator: "\n") }
}
#endif
