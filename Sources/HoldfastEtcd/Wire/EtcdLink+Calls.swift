#if Etcd
import Holdfast
import SwiftProtobuf

/// Calls with one answer.
///
/// Each throws ``LockError/Code/unavailable`` where the outcome is unknown, ``LockError/Code/denied`` for lack of
/// permission. With `isCancellable` false a call is deaf to cancellation.
extension EtcdLink {
    func txn(
        _ request: Etcdserverpb_TxnRequest, isCancellable: Bool = true
    ) async throws(LockError) -> Etcdserverpb_TxnResponse {
        try await call(.txn, request, isCancellable)
    }

    func range(
        _ request: Etcdserverpb_RangeRequest, isCancellable: Bool = true
    ) async throws(LockError) -> Etcdserverpb_RangeResponse {
        try await call(.range, request, isCancellable)
    }

    func put(
        _ request: Etcdserverpb_PutRequest, isCancellable: Bool = true
    ) async throws(LockError) -> Etcdserverpb_PutResponse {
        try await call(.put, request, isCancellable)
    }

    func deleteRange(
        _ request: Etcdserverpb_DeleteRangeRequest, isCancellable: Bool = true
    ) async throws(LockError) -> Etcdserverpb_DeleteRangeResponse {
        try await call(.deleteRange, request, isCancellable)
    }

    func compact(
        _ request: Etcdserverpb_CompactionRequest, isCancellable: Bool = true
    ) async throws(LockError) -> Etcdserverpb_CompactionResponse {
        try await call(.compact, request, isCancellable)
    }

    /// - Parameter id: chosen by the caller; 0 for one of the server's choice.
    func leaseGrant(
        timeToLive: Int64, id: Int64 = 0, isCancellable: Bool = true
    ) async throws(LockError) -> Etcdserverpb_LeaseGrantResponse {
        let request = Etcdserverpb_LeaseGrantRequest.with {
            $0.ttl = timeToLive
            $0.id = id
        }
        return try await call(.leaseGrant, request, isCancellable)
    }

    /// - Returns: `false` where there was no such lease.
    func leaseRevoke(_ id: Int64, isCancellable: Bool = true) async throws(LockError) -> Bool {
        do throws(LockError) {
            let request = Etcdserverpb_LeaseRevokeRequest.with { $0.id = id }
            let _: Etcdserverpb_LeaseRevokeResponse = try await call(.leaseRevoke, request, isCancellable)
            return true
        } catch {
            if EtcdFault.isLeaseNotFound(error) { return false }
            throw error
        }
    }

    /// A `ttl` of -1 in the answer: there is no such lease.
    func leaseTimeToLive(
        _ id: Int64, withKeys: Bool = false, isCancellable: Bool = true
    ) async throws(LockError) -> Etcdserverpb_LeaseTimeToLiveResponse {
        let request = Etcdserverpb_LeaseTimeToLiveRequest.with {
            $0.id = id
            $0.keys = withKeys
        }
        return try await call(.leaseTimeToLive, request, isCancellable)
    }

    /// Of the member that this link talks to.
    func status(isCancellable: Bool = true) async throws(LockError) -> Etcdserverpb_StatusResponse {
        try await call(.status, Etcdserverpb_StatusRequest(), isCancellable)
    }

    /// The alarms that are raised anywhere in the cluster.
    func alarms(isCancellable: Bool = true) async throws(LockError) -> [Etcdserverpb_AlarmMember] {
        let answer: Etcdserverpb_AlarmResponse = try await call(.alarm, Etcdserverpb_AlarmRequest(), isCancellable)
        return answer.alarms
    }

    func memberList(isCancellable: Bool = true) async throws(LockError) -> [Etcdserverpb_Member] {
        let answer: Etcdserverpb_MemberListResponse = try await call(
            .memberList, Etcdserverpb_MemberListRequest(), isCancellable)
        return answer.members
    }
}
#endif
