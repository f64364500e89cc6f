#if Etcd
public import Holdfast

extension EtcdBackend {
    /// What a removal concerns.
    private struct Leaving {
        let id: Claim.ID
        let keys: [[UInt8]]
        /// Of locks that somebody here may wait for.
        let stems: [[UInt8]]
        var mark: [UInt8]?
        /// Whether a place may yet be executed.
        var isUncertain = false
        /// What must still stand there: the key may be a later claim's by now.
        var revision: Int64?
    }

    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        if let claim = roster.update({ $0.removing(id) }) {
            let removal = try await remove(
                Leaving(
                    id: id, keys: claim.parts.map(\.claimKey), stems: claim.parts.map(\.stem),
                    mark: claim.isAsked ? codec.mark(of: id, for: client) : nil,
                    isUncertain: claim.isUncertain || claim.phase == .placing))
            if claim.isUncertain { leases.retire(claim.lease) }
            forget(id, isClean: claim.isLive && removal == .removed)
            return removal
        }
        if roster.update({ $0.departed.contains(id) }) { return .absent }
        let found = try await locate([id], isCancellable: false)
        guard let keys = found[id] else { return .absent }
        let removal = try await removeOthers(id, keys)
        roster.update { $0.elsewhere[id] = nil }
        return removal
    }

    /// Another client's claim, or a peer's.
    private func removeOthers(_ id: Claim.ID, _ keys: [[UInt8]]) async throws(LockError) -> Removal {
        let stems = keys.compactMap { codec.split($0).map { Array($0.stem) } }
        guard let entry = try await entry(of: id, at: keys[0], isCancellable: false) else { return .absent }
        let mark = ClaimValue(entry.value.bytes).map { codec.mark(of: id, for: $0.client) }
        return try await remove(
            Leaving(id: id, keys: keys, stems: stems, mark: mark, revision: entry.createRevision))
    }

    /// Deletes the keys, and reads in the same step who is next, where that is somebody here.
    private func remove(_ leaving: Leaving) async throws(LockError) -> Removal {
        var request = Etcdserverpb_TxnRequest()
        request.success = leaving.keys.map { .delete($0) }
        if let mark = leaving.mark { request.success.append(.delete(mark)) }
        let deletions = request.success.count
        guard !leaving.isUncertain else { return try await bury(leaving, request) }
        let isRaw = codec.names == .raw
        let questions = roster.update { state -> [LineQuestion] in
            guard !state.lines.isEmpty else { return [] }
            return leaving.stems.compactMap { state.question(for: $0, but: leaving.id, isRaw: isRaw) }
        }
        if deletions == 1, questions.count == 1,
            let heir = roster.update({ $0.heir(of: leaving.id, on: leaving.stems[0]) })
        {
            return try await handOver(leaving, to: heir, questions[0])
        }
        if let revision = leaving.revision { request.compare = [.created(leaving.keys[0], at: revision)] }
        guard deletions > 1 || !questions.isEmpty || leaving.revision != nil else { return try await delete(leaving) }
        request.success += questions.prefix(Self.operationsLimit - deletions).map { .range($0.request) }
        let answer = try await link.txn(request, isCancellable: false)
        guard answer.succeeded else { return .absent }
        guard answer.responses.count == request.success.count else { throw Self.unexpected }
        let answers = answer.responses.dropFirst(deletions).map(\.responseRange)
        roster.update { state in
            for (question, found) in zip(questions, answers) {
                state.apply(question, found, asOf: answer.header.revision)
            }
            state.departing(leaving.id)
        }
        return removal(leaving, answer)
    }

    /// Deletes a claim's one key, and hands over to who waits here, if that one's key still stands: no queue is read.
    private func handOver(
        _ leaving: Leaving, to heir: Line.Heir, _ question: LineQuestion
    ) async throws(LockError) -> Removal {
        var request = Etcdserverpb_TxnRequest()
        request.compare = [.created(heir.key, at: heir.place.revision)]
        request.success = [.delete(leaving.keys[0])]
        request.failure = request.success + [.range(question.request)]
        let answer = try await link.txn(request, isCancellable: false)
        guard answer.responses.count == (answer.succeeded ? 1 : 2) else { throw Self.unexpected }
        roster.update { state in
            if answer.succeeded {
                state.cleared(heir.place.id, on: heir.stem)
            } else {
                state.apply(question, answer.responses[1].responseRange, asOf: answer.header.revision)
            }
            state.departing(leaving.id)
        }
        return removal(leaving, answer)
    }

    /// Deletes a claim's one key. A transaction costs the server more: for each it copies what it has not yet written.
    private func delete(_ leaving: Leaving) async throws(LockError) -> Removal {
        let answer = try await link.deleteRange(.key(leaving.keys[0]), isCancellable: false)
        roster.update { $0.departing(leaving.id) }
        return answer.deleted > 0 ? .removed : .absent
    }

    /// Deletes the keys, and sees to it that a place that is still under way is not executed any more.
    private func bury(_ leaving: Leaving, _ deletion: Etcdserverpb_TxnRequest) async throws(LockError) -> Removal {
        do throws(LockError) {
            var request = deletion
            let lease = try await leaseForTombstone()
            request.success.append(.put(codec.tombstone(of: leaving.id), [], lease: lease))
            return removal(leaving, try await link.txn(request, isCancellable: false))
        } catch {
            // A store that is full takes no tombstone, and yet lets go: better than nothing until it does.
            if isFull(error) { _ = try await link.txn(deletion, isCancellable: false) }
            throw error
        }
    }

    private func isFull(_ error: LockError) -> Bool {
        (error.cause as? EtcdFault.Stated)?.text.contains("space exceeded") == true
    }

    private func removal(_ leaving: Leaving, _ answer: Etcdserverpb_TxnResponse) -> Removal {
        let deleted = answer.responses.prefix(leaving.keys.count).reduce(0) { $0 + $1.responseDeleteRange.deleted }
        return deleted > 0 ? .removed : .absent
    }

    /// Of one transaction, as servers are set up (`--max-txn-ops`).
    private static let operationsLimit = 128
}

extension Roster.State {
    /// Notes that a claim is being removed.
    fileprivate mutating func removing(_ id: Claim.ID) -> LocalClaim? {
        claims[id]?.removals += 1
        return claims[id]
    }

    /// A claim's keys are deleted: what is known of it is over before anybody asks.
    mutating func departing(_ id: Claim.ID) {
        guard let claim = claims[id], claim.isLive else { return }
        // No hint: whoever removes it knows.
        let hints = effects.hints
        gone(id)
        effects.hints = hints
    }
}
#endif
