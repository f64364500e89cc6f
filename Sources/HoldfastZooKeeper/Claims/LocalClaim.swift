#if ZooKeeper
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
    enum Standing: Equatable {
        case unknown
        /// For good.
        case clear
        /// Until one of these is gone nothing can change; `hasMore`: others stand before them.
        case blocked(watch: [String], hasMore: Bool)
    }

    /// A node's data, and how often it was changed.
    struct Content: Equatable {
        var data: [UInt8]
        var version: Int32
    }

    struct Part {
        let key: LockKey
        let mode: LockMode
        /// The lock's node.
        let parent: String
        /// The claim's own, below it; empty while it is not known.
        var node = ""
        var sequence: Int64 = 0
        var standing = Standing.unknown
        /// As far as is known: others may have changed it since.
        var content: Content?

        var path: String { parent + "/" + node }
        var isClear: Bool { standing == .clear }
    }

    /// One task's wait for the grant; its ticket tells it from another's.
    struct Waiter {
        let ticket: UInt64
        let caller: CheckedContinuation<Result<Grant, LockError>?, Never>
    }

    var parts: [Part]
    let session: ZooKeeperSession
    /// The session's number here.
    let life: Int64
    var phase = Phase.placing
    /// Of its nodes' creation: the token. 0 while it is not known.
    var czxid: Int64 = 0
    /// A place of it may yet be executed.
    var isUncertain = false
    var isAsked = false
    /// Its nodes' data may have changed since it was read last.
    var isChanged = true
    /// For changes of its own nodes; none while it is young.
    var watches: [Watch] = []
    var waiter: Waiter?

    var isLive: Bool {
        switch phase {
        case .waiting, .held: true
        case .placing, .gone: false
        }
    }

    var grant: Result<Grant, LockError> {
        guard let token = FencingToken(rawValue: czxid) else { return .failure(Roster.unexpected) }
        return .success(Grant(token: token))
    }
}
#endif
