#if ZooKeeper
import Holdfast

/// Why a request has no result.
enum ZooKeeperError: Error, Sendable {
    /// The server answered: it was not done, for this reason.
    case fault(ZooKeeperFault)
    /// There is no answer, or none that says whether it was done; or the request could not be sent at all.
    case failed(LockError)

    /// The server's answer, where it gave one.
    var fault: ZooKeeperFault? {
        if case .fault(let fault) = self { fault } else { nil }
    }

    /// Whether it may have been done.
    var isOutcomeUnknown: Bool {
        switch self {
        case .fault: false
        case .failed(let error): error.isOutcomeUnknown
        }
    }

    /// For callers of the library.
    var lockError: LockError {
        switch self {
        case .fault(let fault): fault.lockError
        case .failed(let error): error
        }
    }
}
#endif
