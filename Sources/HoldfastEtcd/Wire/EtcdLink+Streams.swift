#if Etcd
import Holdfast
import NIOCore
import SwiftProtobuf

/// Calls on streams that all share.
extension EtcdLink {
    /// An acknowledged renewal of a lease.
    struct KeptAlive: Sendable {
        /// Before the request was written: the lease lives at least ``timeToLive`` seconds from then.
        let sentAt: ContinuousClock.Instant
        /// Of the server, in seconds; 0 or less where the lease is gone.
        let timeToLive: Int64
    }

    /// Renews a lease. All leases share one stream, and each answer is credited to its own request.
    func keepAlive(_ lease: Int64, isCancellable: Bool = true) async throws(LockError) -> KeptAlive {
        let deadline = NIODeadline.now() + TimeAmount(bounds.requestTimeout)
        let session = try await gate.live(until: deadline, isCancellable: isCancellable)
        let sentAt = ContinuousClock.now
        let timeToLive = try await session.keepAlives.renew(lease, until: deadline, isCancellable: isCancellable)
        return KeptAlive(sentAt: sentAt, timeToLive: timeToLive)
    }

    /// Watches keys from now on; returns when the server has said that the watch is there. All watches share a stream.
    ///
    /// - Parameters:
    ///   - rangeEnd: behind the last key; empty for one key alone.
    ///   - ignoresPuts: only deletions are told.
    ///   - revision: where to begin instead of now. What has passed already is served late, and from what is kept.
    func watch(
        key: [UInt8], rangeEnd: [UInt8] = [], ignoresPuts: Bool = false, from revision: Int64 = 0
    ) async throws(LockError) -> EtcdWatch {
        let deadline = NIODeadline.now() + TimeAmount(bounds.requestTimeout)
        let request = Etcdserverpb_WatchCreateRequest.with {
            $0.key = key.data
            $0.rangeEnd = rangeEnd.data
            $0.startRevision = revision
            if ignoresPuts { $0.filters = [.noput] }
        }
        let session = try await gate.live(until: deadline, isCancellable: true)
        let generation = session.login?.generation ?? 0
        do throws(LockError) {
            return try await session.watches.create(request, until: deadline)
        } catch {
            // A token that is over is called a lack of permission here.
            guard error.code == .denied, let fetchedAt = session.login?.fetchedAt,
                ContinuousClock.now - fetchedAt >= bounds.freshToken
            else { throw error }
            try await session.renewToken(after: generation)
            return try await session.watches.create(request, until: deadline)
        }
    }
}
#endif
