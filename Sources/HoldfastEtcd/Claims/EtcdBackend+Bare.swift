#if Etcd
package import Holdfast

extension EtcdBackend: BareStore {
    private static let bareClient: UInt64 = 0xba4e
    private static let bareLife: Duration = .seconds(30)

    /// The transaction and the deletion of an exclusive claim, sent without any bookkeeping.
    package func bareCycle(_ number: UInt64) async throws(LockError) {
        let stem = codec.stem(of: LockKey(unchecked: "bench/bare/\(number)"))
        let id = Claim.ID(client: Self.bareClient, sequence: number)
        let key = NameCodec.claimKey(stem, id)
        let lease = try await lease(for: Self.bareLife)
        defer { leases.release([lease]) }
        var place = Etcdserverpb_TxnRequest()
        place.compare = [.created(codec.tombstone(of: id), at: 0), .created(key, at: 0)]
        place.success = [.put(key, ClaimValue.bytes(.exclusive, []), lease: lease), .range(.tail(stem))]
        place.failure = [.range(.queue(stem))]
        _ = try await link.txn(place)
        _ = try await link.deleteRange(.key(key))
    }

    /// A deletion, until the event of a watch that waits for it has come to a task.
    package func barePush(_ number: UInt64) async throws(LockError) -> Duration {
        let stem = codec.stem(of: LockKey(unchecked: "bench/push/\(number)"))
        let key = NameCodec.claimKey(stem, Claim.ID(client: Self.bareClient, sequence: number))
        let lease = try await lease(for: Self.bareLife)
        defer { leases.release([lease]) }
        var place = Etcdserverpb_TxnRequest()
        place.success = [.put(key, [], lease: lease)]
        _ = try await link.txn(place)
        let watch = try await link.watch(key: key, ignoresPuts: true)
        let start = ContinuousClock.now
        async let heard = Self.heard(watch)
        _ = try await link.deleteRange(.key(key))
        guard let at = await heard else { throw Self.unexpected }
        return at - start
    }

    private static func heard(_ watch: EtcdWatch) async -> ContinuousClock.Instant? {
        for await _ in watch { return ContinuousClock.now }
        return nil
    }
}
#endif
