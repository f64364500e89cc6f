#if Etcd
public import Holdfast

extension EtcdBackend {
    public func grant(of id: Claim.ID) async throws(LockError) -> Grant {
        if let grant = try await roster.awaitGrant(of: id) { return grant }
        // Of another client's claim the store is asked, now and then.
        guard !roster.update({ $0.departed.contains(id) }), let keys = try await locate([id])[id] else {
            throw Roster.gone
        }
        while true {
            var request = Etcdserverpb_TxnRequest()
            request.success = keys.compactMap { codec.split($0) }.map { .range(.queue(Array($0.stem))) }
            let answer = try await link.txn(request)
            var isHeld = true
            var revision: Int64 = 0
            for (key, found) in zip(keys, answer.responses) {
                guard let split = codec.split(key),
                    found.responseRange.kvs.contains(where: { $0.key.bytes == key && $0.claimID == id })
                else { throw Roster.gone }
                let order = KeyOrder(found.responseRange, under: Array(split.stem))
                guard let index = order.index(of: key) else { throw Roster.gone }
                revision = order.entries[index].revision
                if order.standing(of: key) != .clear { isHeld = false }
            }
            if isHeld, let token = FencingToken(rawValue: revision) { return Grant(token: token) }
            do {
                try await roster.time.sleep(until: roster.time.now + bounds.pollPause)
            } catch {
                throw Roster.cancelled
            }
        }
    }
}
#endif
