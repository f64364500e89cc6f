#if Etcd
import Holdfast

/// Records as keys beside the claims: a version is the revision that wrote it, and no revision comes twice.
struct EtcdRecords: RecordStore {
    let link: EtcdLink
    let codec: NameCodec
    let leases: RecordLeases
    let time: Timekeeper

    func read(_ key: LockKey) async throws(LockError) -> Record? {
        let found = try await link.range(.one(codec.record(key))).kvs.first
        return found.map { Record(value: $0.value.bytes, version: Self.version($0.modRevision)) }
    }

    func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite {
        guard let revision = Self.revision(expected) else { return .conflict }
        let name = codec.record(key)
        guard let timeToLive else { return try await put(value, name, revision, lease: 0) }
        let lease = try await lease(for: timeToLive)
        do throws(LockError) {
            return try await put(value, name, revision, lease: lease)
        } catch {
            guard EtcdFault.isLeaseNotFound(error) else { throw error }
            // Nothing was executed: somebody has revoked it, or no server was reached while it lived.
            leases.forget(lease)
        }
        return try await put(value, name, revision, lease: try await self.lease(for: timeToLive))
    }

    func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
        guard let revision = Self.revision(expected) else { return false }
        let name = codec.record(key)
        var request = Etcdserverpb_TxnRequest()
        request.compare = [.written(name, at: revision)]
        request.success = [.delete(name)]
        return try await link.txn(request).succeeded
    }

    private func put(
        _ value: [UInt8], _ name: [UInt8], _ revision: Int64, lease: Int64
    ) async throws(LockError) -> RecordWrite {
        var request = Etcdserverpb_TxnRequest()
        request.compare = [.written(name, at: revision)]
        request.success = [.put(name, value, lease: lease)]
        do throws(LockError) {
            let answer = try await link.txn(request)
            if answer.succeeded { return .written(Self.version(answer.header.revision)) }
        } catch {
            if !error.isOutcomeUnknown { leases.giveBack(lease) }
            throw error
        }
        leases.giveBack(lease)
        return .conflict
    }

    /// One that lives long enough, and not much longer.
    private func lease(for timeToLive: Duration) async throws(LockError) -> Int64 {
        var hasWaited = false
        while true {
            switch leases.take(for: timeToLive, now: time.now, mayWait: !hasWaited) {
            case .lease(let id): return id
            case .wait(let seconds):
                try await leases.whenGranted(seconds)
                hasWaited = true
            case .grant(let seconds):
                let sentAt = time.now
                do throws(LockError) {
                    // Others wait for it, too.
                    let answer = try await link.leaseGrant(timeToLive: seconds, isCancellable: false)
                    leases.granted(seconds, .success((answer.id, .seconds(answer.ttl), sentAt)))
                    return answer.id
                } catch {
                    leases.granted(seconds, .failure(error))
                    throw error
                }
            }
        }
    }

    private static func version(_ revision: Int64) -> Record.Version { Record.Version(String(revision)) }

    /// What must be written there last: 0 for nothing; `nil` for a version that no record ever had.
    private static func revision(_ expected: Record.Version?) -> Int64? {
        guard let expected else { return 0 }
        guard let revision = Int64(expected.description), revision > 0, version(revision) == expected else {
            return nil
        }
        return revision
    }
}
#endif
