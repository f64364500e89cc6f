#if Etcd
import Holdfast

/// What the server's errors mean. Never `busy`: a server that cannot do what it was asked has not said that a lock is
/// held.
enum EtcdFault {
    /// The cause of an error that the server stated.
    struct Stated: Error, Sendable, Equatable, CustomStringConvertible {
        /// Of gRPC.
        let status: Int
        let text: String
        var description: String { "etcd: \(text) (gRPC status \(status))" }
    }

    /// What may be done about an error. All but `.none` say that the server has not done what it was asked.
    enum Remedy: Equatable, Sendable {
        case none
        /// Again after a pause.
        case wait
        /// Again after a pause, from another member where there is one.
        case move
        /// Again with a new token.
        case authenticate
    }

    static func remedy(for fault: Stated) -> Remedy { known(fault)?.remedy ?? .none }

    static func error(for fault: Stated) -> LockError {
        guard let known = known(fault) else {
            let message = "etcd refused a request: \(shortened(fault.text))"
            return LockError(code(of: fault.status), message, cause: shortened(fault))
        }
        return LockError(known.code, known.message, cause: shortened(fault))
    }

    static func isLeaseNotFound(_ error: LockError) -> Bool {
        (error.cause as? Stated)?.text.contains("requested lease not found") == true
    }

    private struct Known {
        /// Within the server's text.
        let text: String
        let code: LockError.Code
        let message: String
        var remedy = Remedy.none
    }

    private static func known(_ fault: Stated) -> Known? { table.first { fault.text.contains($0.text) } }

    /// Told apart by their texts: gRPC's statuses are too few.
    private static let table: [Known] = [
        // Said before anything was tried.
        Known(
            text: "etcdserver: no leader", code: .unavailable,
            message: "the cluster has no leader now, or the member is cut off from it", remedy: .move),
        Known(
            text: "etcdserver: not leader", code: .unavailable, message: "the member is not the leader any more",
            remedy: .move),
        Known(
            text: "etcdserver: too many requests", code: .unavailable,
            message: "the cluster has more requests than it can commit: it or its disk is too slow", remedy: .wait),
        Known(
            text: "raft proposal dropped", code: .unavailable, message: "the cluster was changing its leader",
            remedy: .wait),
        Known(
            text: "etcdserver: invalid auth token", code: .denied, message: "the server does not take our token",
            remedy: .authenticate),
        Known(
            text: "etcdserver: revision of auth store is old", code: .denied,
            message: "the server's users have changed since our token was made", remedy: .authenticate),
        Known(
            text: "etcdserver: rpc not supported for learner", code: .unavailable,
            message: "the member is a learner and serves no clients: name another", remedy: .move),
        // Perhaps done.
        Known(
            text: "database space exceeded", code: .unavailable,
            message: "etcd is out of space (NOSPACE): compact, defragment, and disarm the alarm"),
        Known(
            text: "leader changed", code: .unavailable, message: "the cluster changed its leader in the midst of it"),
        Known(
            text: "etcdserver: request timed out", code: .unavailable,
            message: "the cluster did not commit in time: it has no quorum, or its disks are too slow"),
        Known(text: "etcdserver: server stopped", code: .unavailable, message: "the member is stopping"),
        Known(
            text: "etcdserver: corrupt cluster", code: .unavailable,
            message: "etcd has found its data corrupt (alarm CORRUPT): restore the member"),
        Known(text: "etcdserver: unhealthy cluster", code: .unavailable, message: "the cluster is unhealthy"),
        // For lack of permission.
        Known(
            text: "etcdserver: permission denied", code: .denied,
            message: "the user lacks a permission: grant its role the prefix, readwrite"),
        Known(
            text: "invalid user ID or password", code: .denied, message: "the server knows no such user and password"),
        Known(
            text: "etcdserver: user name is empty", code: .denied,
            message: "the server wants a user and a password: give them"),
        // For the caller to change.
        Known(
            text: "too many operations in txn request", code: .limitExceeded,
            message: "more keys in one claim than the server takes (--max-txn-ops)"),
        Known(
            text: "etcdserver: request is too large", code: .limitExceeded,
            message: "the request is larger than the server takes (--max-request-bytes)"),
        Known(
            text: "too large lease TTL", code: .invalidArgument,
            message: "the time to live is longer than etcd grants"),
        Known(text: "authentication is not enabled", code: .unsupported, message: "the server has no users"),
    ]

    private static func code(of status: Int) -> LockError.Code {
        switch status {
        case Self.invalidArgument: .invalidArgument
        case Self.permissionDenied, Self.unauthenticated: .denied
        case Self.unimplemented: .unsupported
        default: .unavailable
        }
    }

    static let invalidArgument = 3
    static let permissionDenied = 7
    static let unimplemented = 12
    static let unavailable = 14
    static let unauthenticated = 16

    private static func shortened(_ text: String) -> String {
        text.count <= textLimit ? text : text.prefix(textLimit) + "…"
    }

    private static func shortened(_ fault: Stated) -> Stated {
        Stated(status: fault.status, text: shortened(fault.text))
    }

    /// How much of the server's own words is passed on.
    private static let textLimit = 300
}
#endif
