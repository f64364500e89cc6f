#if ZooKeeper
import Holdfast

extension ZooKeeperFault {
    /// Where the answer is not one that the caller knows what to do with.
    var lockError: LockError {
        switch self {
        case .noAuth:
            LockError(
                .denied, "ZooKeeper refused for lack of permission: do the credentials match the nodes' access lists?")
        case .authFailed: LockError(.denied, "ZooKeeper knows no such user and password, or not the scheme digest")
        case .sessionNeedsAuth:
            LockError(.denied, "ZooKeeper takes no clients without credentials: give a user and a password")
        case .invalidACL:
            LockError(.denied, "ZooKeeper refused the access list: access=creator needs a user and a password")
        case .unimplemented: LockError(.unsupported, "the ZooKeeper server is too old: 3.5 or later is needed")
        case .ephemeralOnLocalSession:
            LockError(.unsupported, "the session is local to its server (localSessionsEnabled) and cannot own claims")
        case .badArguments, .noChildrenForEphemerals:
            LockError(.invalidArgument, "ZooKeeper refused a path: \(self)")
        case .quotaExceeded: LockError(.limitExceeded, "the quota of a path in ZooKeeper is used up")
        case .notReadOnly: LockError(.unavailable, "the ZooKeeper server has lost its quorum and takes no writes")
        case .throttled: LockError(.unavailable, "the ZooKeeper server has too much to do, and refused a request")
        case .sessionExpired, .unknownSession: LockError(.unavailable, "the session with ZooKeeper has expired")
        case .sessionMoved: LockError(.unavailable, "the session with ZooKeeper has moved to another connection")
        default: LockError(.unavailable, "ZooKeeper refused a request: \(self)")
        }
    }
}
#endif
