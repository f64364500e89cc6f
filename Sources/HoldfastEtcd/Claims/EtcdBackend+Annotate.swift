#if Etcd
public import Holdfast

extension EtcdBackend {
    /// What is known to stand at one of a claim's keys.
    private struct Seen {
        let key: [UInt8]
        let value: [UInt8]
        let written: Int64
    }

    /// Writes the claim's values anew, under the lease that they have, where nobody has written them since.
    ///
    /// So a note never lands on a later claim of the same name, and one whose answer was lost never on a later note.
    /// Whoever waits for the claim hears of its deletion alone.
    public func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        let (claim, elsewhere) = roster.update { ($0.claims[id], $0.elsewhere[id]) }
        var seen: [Seen]
        if let claim {
            guard claim.phase != .gone else { return .absent }
            let isKnown = claim.isLive
            seen = claim.parts.map { part in
                Seen(
                    key: part.claimKey, value: isKnown ? ClaimValue.bytes(part.mode, claim.tail) : [],
                    written: isKnown ? claim.written : Self.never)
            }
        } else if let elsewhere {
            seen = elsewhere.map { Seen(key: $0, value: [], written: Self.never) }
        } else {
            return .absent
        }
        for _ in 0..<bounds.attemptsLimit {
            var request = Etcdserverpb_TxnRequest()
            request.compare = seen.map { .written($0.key, at: $0.written) }
            request.success = seen.map {
                .rewrite($0.key, ClaimValue.replacingNote(in: $0.value, by: note.encoded))
            }
            request.failure = seen.map { .range(.one($0.key)) }
            let answer = try await link.txn(request)
            guard !answer.succeeded else {
                if let claim { roster.update { $0.wrote(id, claim.revision, at: answer.header.revision) } }
                return .removed
            }
            let found = answer.responses.compactMap(\.responseRange.kvs.first)
            let isThere = found.allSatisfy { entry in
                if let claim, claim.isLive { entry.createRevision == claim.revision } else { entry.claimID == id }
            }
            guard found.count == seen.count, isThere else {
                if let claim, claim.isLive { roster.update { $0.missed(id, claim.revision) } }
                return .absent
            }
            seen = found.map { Seen(key: $0.key.bytes, value: $0.value.bytes, written: $0.modRevision) }
        }
        throw LockError(.unavailable, "the claim is written by others again and again; try again")
    }

    /// No key was written then: what stands there is read first.
    private static let never: Int64 = -1
}

extension Roster.State {
    /// A claim's values were written, if it is still the one that was created at `revision`.
    fileprivate mutating func wrote(_ id: Claim.ID, _ revision: Int64, at written: Int64) {
        guard let claim = claims[id], claim.revision == revision else { return }
        claims[id]?.written = max(claim.written, written)
    }

    /// The same claim is not in the store any more, or not all of it.
    fileprivate mutating func missed(_ id: Claim.ID, _ revision: Int64) {
        if claims[id]?.revision == revision { gone(id) }
    }
}
#endif
