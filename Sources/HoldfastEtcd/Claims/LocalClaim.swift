#if Etcd
import Holdfast

/// What this client knows of a claim that it placed.
struct LocalClaim {
    enum Phase {
        /// A place is on its way, or its outcome is unknown.
        case placing
        case waiting
        case held
        /// The store no longer has it, or not all of it.
        case gone
    }

    /// How the claim stands on one of its keys, as far as is known.
    enum Standing {
        case unknown
        /// For good.
        case clear
        case blocked(watch: [[UInt8]], asOf: Int64)
    }

    struct Part {
        let key: LockKey
        let mode: LockMode
        let stem: [UInt8]
        /// The claim's own key in the store.
        var claimKey: [UInt8]
        var standing = Standing.unknown

        var isClear: Bool { if case .clear = standing { true } else { false } }
    }

    /// One task's wait for the grant; its ticket tells it from another's.
    struct Waiter {
        let ticket: UInt64
        let caller: CheckedContinuation<Result<Grant, LockError>?, Never>
    }

    var parts: [Part]
    var phase = Phase.placing
    /// What the keys are attached to.
    var lease: Int64
    /// Earlier ones: an outcome that is not known may have left a key there.
    var formerLeases: [Int64] = []
    /// Of the keys' creation: the token. 0 while it is not known.
    var revision: Int64 = 0
    /// Of the last write to its keys that is known of: the creation, a note, another lease.
    var written: Int64 = 0
    /// What its values have behind the mode, with the note of its placing.
    var tail: [UInt8] = []
    /// A place of it may yet be executed.
    var isUncertain = false
    var isAsked = false
    /// How often it was tried to remove it: an earlier try may yet be executed.
    var removals = 0
    /// For the loss of its own keys.
    var watches: [EtcdWatch] = []
    var waiter: Waiter?

    var isLive: Bool {
        switch phase {
        case .waiting, .held: true
        case .placing, .gone: false
        }
    }

    func part(on stem: [UInt8]) -> Part? { parts.first { $0.stem == stem } }

    var grant: Result<Grant, LockError> {
        guard let token = FencingToken(rawValue: revision) else { return .failure(EtcdBackend.unexpected) }
        return .success(Grant(token: token))
    }
}
#endif
