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
        var description: String { "etcd: \(text) (\(status))" }
    }

    static func isLeaseNotFound(_ error: LockError) -> Bool {
        (error.cause as? Stated)?.text.contains("requested lease not found") == true
    }
}
#endif
