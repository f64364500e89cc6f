#if ZooKeeper
import Holdfast

/// What a server answers when it has not done what was asked.
enum ZooKeeperFault: Int32, Error, Sendable, Hashable {
    case systemError = -1
    case runtimeInconsistency = -2
    case dataInconsistency = -3
    case connectionLoss = -4
    case marshallingError = -5
    /// The server is too old for the request.
    case unimplemented = -6
    case operationTimeout = -7
    case badArguments = -8
    case unknownSession = -12
    case apiError = -100
    case noNode = -101
    case noAuth = -102
    case badVersion = -103
    case noChildrenForEphemerals = -108
    case nodeExists = -110
    case notEmpty = -111
    case sessionExpired = -112
    case invalidACL = -114
    case authFailed = -115
    /// The session's connection is another one by now.
    case sessionMoved = -118
    case notReadOnly = -119
    case ephemeralOnLocalSession = -120
    case requestTimeout = -122
    case sessionNeedsAuth = -124
    case quotaExceeded = -125
    case throttled = -127
    /// One that we do not know.
    case other = -32_768

    init(code: Int32) { self = ZooKeeperFault(rawValue: code) ?? .other }

    /// Whether the server may have done it, all the same.
    var isOutcomeUnknown: Bool {
        switch self {
        case .systemError, .runtimeInconsistency, .dataInconsistency, .connectionLoss, .operationTimeout,
            .requestTimeout, .other:
            true
        default: false
        }
    }
}
#endif
