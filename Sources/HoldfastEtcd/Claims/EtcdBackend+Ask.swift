#if Etcd
public import Holdfast

extension EtcdBackend {
    /// Leaves a mark where the claim's client looks; it ends with the claim's lease.
    public func ask(_ id: Claim.ID) async throws(LockError) -> Removal {
        guard let key = try await keys(of: id)?.first, let entry = try await entry(of: id, at: key) else {
            return .absent
        }
        guard let value = ClaimValue(entry.value.bytes) else {
            throw LockError(
                .unsupported,
                "another program's claim can not be asked to let go; break it by force, or end that program")
        }
        var request = Etcdserverpb_TxnRequest()
        request.compare = [.created(key, at: entry.createRevision)]
        request.success = [.put(codec.mark(of: id, for: value.client), [], lease: entry.lease)]
        return try await link.txn(request).succeeded ? .removed : .absent
    }

    /// The claims of this client that are asked for. Marks of claims that are no more are deleted.
    func asked() async throws(LockError) -> Set<Claim.ID> {
        let answer = try await link.range(.all(from: codec.mailbox(client), keysOnly: true))
        return try await take(answer.kvs.map(\.key.bytes))
    }

    private func take(_ marks: [[UInt8]]) async throws(LockError) -> Set<Claim.ID> {
        var asked: Set<Claim.ID> = []
        var stale: [[UInt8]] = []
        roster.update { state in
            for mark in marks {
                guard let id = NameCodec.id(ofMark: mark) else { continue }
                if state.claims[id] == nil {
                    stale.append(mark)
                } else {
                    state.claims[id]?.isAsked = true
                    asked.insert(id)
                }
            }
        }
        for batch in stale.batches(of: bounds.readsLimit) {
            var request = Etcdserverpb_TxnRequest()
            request.success = batch.map { .delete($0) }
            _ = try await link.txn(request)
        }
        return asked
    }

    /// Hears at once of claims that are asked for: a hint, since the next renewal reads the same.
    func readMailbox() async {
        let mailbox = codec.mailbox(client)
        while !Task.isCancelled {
            do throws(LockError) {
                let watch = try await link.watch(key: mailbox, rangeEnd: NameCodec.end(of: mailbox))
                hint(try await asked())
                for await events in watch {
                    let marks = events.filter { $0.type == .put }.map(\.kv.key.bytes)
                    hint(try await take(marks))
                }
            } catch {
                // The link says why.
            }
            // A cancelled sleep ends the loop.
            try? await roster.time.sleep(until: roster.time.now + bounds.retryPause)
        }
    }

    private func hint(_ asked: Set<Claim.ID>) {
        guard !asked.isEmpty else { return }
        roster.update { $0.effects.hints += Array(asked) }
    }
}
#endif
