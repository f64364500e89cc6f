#if Redis
public import Holdfast
import Synchronization

extension RedisBackend {
    /// Keys whose claims are read in one call.
    private static let keysPerListing = 64

    /// Goes through the keys under the prefix: an operator's question, not a client's.
    public func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        var strings: Set<String> = []
        try await scan(beginningWith: prefix) { names throws(LockError) in
            for name in names { strings.insert(KeyNames.string(ofQueue: name) ?? name) }
            return true
        }
        let start = Array(prefix.utf8)
        let keys = strings.compactMap { string -> (LockKey, KeyNames)? in
            guard let key = codec.key(of: string), key.text.utf8.starts(with: start) else { return nil }
            return (key, KeyNames(string: string))
        }.sorted { $0.0 < $1.0 }
        var records: [ClaimRecord] = []
        for batch in keys.batches(of: Self.keysPerListing) {
            records += try await read(batch, limit: limit - records.count)
            guard records.count < limit else { break }
        }
        return Array(records.prefix(limit))
    }

    /// Asks of this key alone, without going through all.
    public func claims(on key: LockKey, limit: Int) async throws(LockError) -> [ClaimRecord] {
        Array(try await read([(key, KeyNames(string: codec.string(of: key)))], limit: limit).prefix(limit))
    }

    private func read(_ keys: [(LockKey, KeyNames)], limit: Int) async throws(LockError) -> [ClaimRecord] {
        if ears.isCluster, keys.count > 1 {
            var records: [ClaimRecord] = []
            for key in keys { records += try await read([key], limit: limit) }
            return records
        }
        let reply = try await call(scripts.list, keys: KeyNames.readCount * keys.count, arguments: 1) { written in
            for (_, names) in keys {
                written.append(names.string)
                written.append(names.queue)
                written.append(names.entries)
            }
            written.append(Int64(limit))
        }
        guard let answers = reply.elements, answers.count == keys.count + 1, let now = answers[0].int else {
            throw Self.unexpected
        }
        var records: [ClaimRecord] = []
        for ((key, names), answer) in zip(keys, answers.dropFirst()) {
            let listed = ListedKey(answer.elements ?? [], now: now)
            records += listed.claims.map { listed.record($0, key) }
            roster.state.withLock { state in
                for claim in listed.claims where state.claims[claim.id] == nil {
                    state.remember(claim.id, Self.keys(of: claim, on: names.string))
                }
            }
        }
        return records
    }
}
#endif
