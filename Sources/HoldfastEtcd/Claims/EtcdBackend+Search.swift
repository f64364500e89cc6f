#if Etcd
import Holdfast

extension EtcdBackend {
    /// A claim of another program, which has no id of ours, is known by the revision of its key.
    static func peerID(_ revision: Int64) -> Claim.ID { Claim.ID(client: 0, sequence: UInt64(revision)) }

    /// Where a claim stands; `nil` where it does not.
    func keys(of id: Claim.ID) async throws(LockError) -> [[UInt8]]? {
        let (own, isDeparted) = roster.update { ($0.claims[id], $0.departed.contains(id)) }
        if let own { return own.parts.map(\.claimKey) }
        return isDeparted ? nil : try await locate([id])[id]
    }

    /// What stands at a claim's first key, if it is still that claim's.
    func entry(
        of id: Claim.ID, at key: [UInt8], isCancellable: Bool = true
    ) async throws(LockError) -> Mvccpb_KeyValue? {
        guard let entry = try await link.range(.one(key), isCancellable: isCancellable).kvs.first else { return nil }
        return id == (entry.claimID ?? Self.peerID(entry.createRevision)) ? entry : nil
    }

    /// Goes through the keys under the prefix for claims of other clients: an operator's question, not a client's.
    func locate(
        _ ids: [Claim.ID], isCancellable: Bool = true
    ) async throws(LockError) -> [Claim.ID: [[UInt8]]] {
        var found = roster.update { state in ids.reduce(into: [:]) { $0[$1] = state.elsewhere[$1] } }
        var wanted = Set(ids.filter { found[$0] == nil })
        for id in wanted where id.client == 0 {
            var keys: [[UInt8]] = []
            for range in codec.ranges(from: codec.prefix) {
                var request = Etcdserverpb_RangeRequest.keys(range, keysOnly: true)
                request.minCreateRevision = Int64(clamping: id.sequence)
                request.maxCreateRevision = Int64(clamping: id.sequence)
                keys += try await link.range(request, isCancellable: isCancellable).kvs.map(\.key.bytes)
            }
            found[id] = keys.isEmpty ? nil : keys
            wanted.remove(id)
        }
        guard !wanted.isEmpty else { return found }
        _ = try await scan(from: codec.prefix, isCancellable: isCancellable) { page in
            for entry in page {
                guard let id = entry.claimID, wanted.contains(id) else { continue }
                found[id, default: []].append(entry.key.bytes)
            }
            return true
        }
        roster.update { state in for id in wanted { if let keys = found[id] { state.remember(id, keys) } } }
        return found
    }

    /// Reads the keys that begin so, but for records, page by page, all at the first page's revision.
    ///
    /// - Parameter take: says whether to go on.
    /// - Returns: the revision.
    func scan(
        from start: [UInt8], keysOnly: Bool = false, isCancellable: Bool = true, revision: Int64 = 0,
        _ take: ([Mvccpb_KeyValue]) -> Bool
    ) async throws(LockError) -> Int64 {
        var revision = revision
        for range in codec.ranges(from: start) {
            var request = Etcdserverpb_RangeRequest.keys(range, keysOnly: keysOnly, limit: bounds.pageLimit)
            var hasMore = true
            while hasMore {
                request.revision = revision
                let answer = try await link.range(request, isCancellable: isCancellable)
                if revision == 0 { revision = answer.header.revision }
                guard take(answer.kvs) else { return revision }
                hasMore = answer.more
                // The next key there can be.
                if let last = answer.kvs.last { request.key = (last.key.bytes + [0]).data } else { hasMore = false }
            }
        }
        return revision
    }
}
#endif
