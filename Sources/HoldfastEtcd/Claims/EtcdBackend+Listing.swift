#if Etcd
public import Holdfast
import SwiftProtobuf

extension EtcdBackend {
    /// All claims on one lock as they stood at one revision.
    private struct Listed {
        let stem: [UInt8]
        let key: LockKey
        var entries: [Mvccpb_KeyValue] = []
    }

    public func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        let start = Array(prefix.utf8)
        return try await list(from: codec.start(prefix), limit) { $0.text.utf8.starts(with: start) }
    }

    /// Asks of this key alone, without going through all; with raw names also what is below it is read.
    public func claims(on key: LockKey, limit: Int) async throws(LockError) -> [ClaimRecord] {
        try await list(from: codec.stem(of: key), limit) { $0 == key }
    }

    private func list(
        from start: [UInt8], _ limit: Int, where isWanted: (LockKey) -> Bool
    ) async throws(LockError) -> [ClaimRecord] {
        var listed: [[UInt8]: Listed] = [:]
        let revision = try await scan(from: start) { page in
            for entry in page {
                let own = entry.key.bytes
                guard let split = codec.split(own), let key = codec.key(ofStem: split.stem), isWanted(key)
                else { continue }
                let stem = Array(split.stem)
                listed[stem, default: Listed(stem: stem, key: key)].entries.append(entry)
            }
            return true
        }
        let clear = try await clear(listed, asOf: revision)
        let asked = try await marks(asOf: revision)
        let now = WallClock.milliseconds
        var records: [ClaimRecord] = []
        var sources: [Mvccpb_KeyValue] = []
        for lock in listed.values.sorted(by: { $0.key < $1.key }) {
            for entry in lock.entries.sorted(by: { $0.createRevision < $1.createRevision }) {
                guard records.count < limit else { break }
                let (record, keys) = record(entry, lock.key, clear, now: now)
                records.append(record)
                sources.append(entry)
                if asked.contains(record.id) { records[records.count - 1].isAsked = true }
                roster.update { state in
                    if state.claims[record.id] == nil { state.remember(record.id, keys) }
                }
            }
        }
        let left = try await timeLeft(Set(sources.map(\.lease)))
        for (index, entry) in sources.enumerated() { records[index].remaining = left[entry.lease] ?? .zero }
        return records
    }

    private func record(
        _ entry: Mvccpb_KeyValue, _ key: LockKey, _ clear: Set<[UInt8]>, now: Int64
    ) -> (ClaimRecord, keys: [[UInt8]]) {
        let own = entry.key.bytes
        let value = ClaimValue(entry.value.bytes)
        let id = entry.claimID ?? Self.peerID(entry.createRevision)
        let keys = Self.keys(own, id, value, codec)
        let isHeld = keys.allSatisfy(clear.contains)
        let peer = Owner(host: "", processID: 0, program: "peer", label: "lease \(String(entry.lease, radix: 16))")
        let record = ClaimRecord(
            key: key, id: id, mode: ClaimValue.mode(of: entry.value.bytes), owner: value?.owner ?? peer,
            token: isHeld ? FencingToken(rawValue: entry.createRevision) : nil,
            age: .milliseconds(max(0, now - (value?.placed ?? now))), remaining: .zero, note: value?.note ?? .empty)
        return (record, keys)
    }

    /// All keys of a claim, by what stands in one of them.
    private static func keys(
        _ own: [UInt8], _ id: Claim.ID, _ value: ClaimValue?, _ codec: NameCodec
    ) -> [[UInt8]] {
        guard let value, !value.names.isEmpty else { return [own] }
        return value.names.map { NameCodec.claimKey(codec.stem(of: LockKey(unchecked: $0)), id) }
    }

    /// The keys that nobody blocks, on the locks that are listed and on others that their claims are on, too.
    private func clear(_ listed: [[UInt8]: Listed], asOf revision: Int64) async throws(LockError) -> Set<[UInt8]> {
        var clear: Set<[UInt8]> = []
        var others: Set<[UInt8]> = []
        for lock in listed.values {
            Self.note(KeyOrder(.with { $0.kvs = lock.entries }, under: lock.stem), in: &clear)
            for entry in lock.entries {
                for name in ClaimValue(entry.value.bytes)?.names ?? [] {
                    let stem = codec.stem(of: LockKey(unchecked: name))
                    if listed[stem] == nil { others.insert(stem) }
                }
            }
        }
        for batch in Array(others).batches(of: bounds.readsLimit) {
            var request = Etcdserverpb_TxnRequest()
            request.success = batch.map { stem in
                var range = Etcdserverpb_RangeRequest.queue(stem)
                range.revision = revision
                return .range(range)
            }
            let answer = try await link.txn(request)
            for (stem, found) in zip(batch, answer.responses) {
                Self.note(KeyOrder(found.responseRange, under: stem), in: &clear)
            }
        }
        return clear
    }

    private static func note(_ order: KeyOrder, in clear: inout Set<[UInt8]>) {
        for (entry, isClear) in zip(order.entries, order.clear) where isClear { clear.insert(entry.key) }
    }

    /// The claims that somebody asks for.
    private func marks(asOf revision: Int64) async throws(LockError) -> Set<Claim.ID> {
        var marks: Set<Claim.ID> = []
        _ = try await scan(from: codec.marks, keysOnly: true, revision: revision) { page in
            for entry in page { if let id = NameCodec.id(ofMark: entry.key.bytes) { marks.insert(id) } }
            return true
        }
        return marks
    }

    /// How long leases live if nobody renews them.
    private func timeLeft(_ leases: Set<Int64>) async throws(LockError) -> [Int64: Duration] {
        var left: [Int64: Duration] = [:]
        let asked = leases.filter { $0 != 0 }.sorted().prefix(bounds.listedLeasesLimit)
        for batch in Array(asked).batches(of: bounds.readsLimit) {
            typealias Answer = (Int64, Result<Int64, LockError>)
            let answers = await withTaskGroup(of: Answer.self) { group in
                for lease in batch {
                    group.addTask {
                        do throws(LockError) {
                            return (lease, .success(try await self.link.leaseTimeToLive(lease).ttl))
                        } catch {
                            return (lease, .failure(error))
                        }
                    }
                }
                return await group.reduce(into: [Answer]()) { $0.append($1) }
            }
            for (lease, answer) in answers { left[lease] = .seconds(max(0, try answer.get())) }
        }
        return left
    }
}
#endif
