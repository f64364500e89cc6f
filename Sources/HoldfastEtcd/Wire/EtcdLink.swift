#if Etcd
import Holdfast
import Logging
import SwiftProtobuf

/// One logical connection to a cluster: multiplexed, reconnecting, for any number of tasks.
final class EtcdLink: Sendable {
    let configuration: EtcdConfiguration
    let bounds: EtcdBounds
    private let logger: Logger?

    init(configuration: EtcdConfiguration, bounds: EtcdBounds? = nil, logger: Logger? = nil) {
        self.configuration = configuration
        self.bounds = bounds ?? EtcdBounds(configuration)
        self.logger = logger
    }

    var requestsSent: EtcdCounts { EtcdCounts() }

    /// Keeps the link connected; returns when cancelled, with the socket closed.
    func run() async throws {}

    func call<Request: Message, Response: Message>(
        _ method: EtcdMethod, _ request: Request, _ isCancellable: Bool
    ) async throws(LockError) -> Response {
        throw LockError(.unavailable, "not there yet")
    }

    /// An acknowledged renewal of a lease.
    struct KeptAlive: Sendable {
        /// Before the request was written: the lease lives at least ``timeToLive`` seconds from then.
        let sentAt: ContinuousClock.Instant
        /// Of the server, in seconds; 0 or less where the lease is gone.
        let timeToLive: Int64
    }

    /// Renews a lease. All leases share one stream, and each answer is credited to its own request.
    func keepAlive(_ lease: Int64, isCancellable: Bool = true) async throws(LockError) -> KeptAlive {
        throw LockError(.unavailable, "not there yet")
    }

    /// Watches keys from now on; returns when the server has said that the watch is there. All watches share a stream.
    ///
    /// - Parameters:
    ///   - rangeEnd: behind the last key; empty for one key alone.
    ///   - ignoresPuts: only deletions are told.
    func watch(
        key: [UInt8], rangeEnd: [UInt8] = [], ignoresPuts: Bool = false
    ) async throws(LockError) -> EtcdWatch {
        throw LockError(.unavailable, "not there yet")
    }
}
#endif
