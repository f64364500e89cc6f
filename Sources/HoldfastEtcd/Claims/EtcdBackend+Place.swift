#if Etcd
public import Holdfast
import Synchronization

extension EtcdBackend {
    /// One try to place a claim: under a lease that it uses until it is forgotten.
    struct Draft {
        let claim: Claim
        let parts: [LocalClaim.Part]
        let lease: Int64
        let tail: [UInt8]
        /// Of its lease, before the request is sent.
        let life: (bornAt: Duration, timeToLive: Duration)
        let sentAt: Duration
        /// Whether nothing was known of the claim here.
        let isFirst: Bool
    }

    /// What the store says of a claim that is there.
    struct Placed {
        let revision: Int64
        let standings: [LocalClaim.Standing]
        /// Another client's, where that has placed it.
        let lease: Int64
    }

    public func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        for part in claim.parts { try codec.admit(part.key) }
        let known = roster.update { $0.claims[claim.id] != nil }
        for _ in 0..<bounds.attemptsLimit {
            do throws(LockError) {
                let draft = try await draft(claim)
                do throws(LockError) {
                    guard let placed = try await place(draft, condition) else {
                        forget(claim.id, isClean: true)
                        return .refused
                    }
                    if let placement = try await conclude(draft, placed) { return placement }
                } catch {
                    guard EtcdFault.isLeaseNotFound(error) else { throw error }
                    // Nothing was executed.
                    lost(draft.lease)
                }
            } catch {
                if error.isOutcomeUnknown, known || !error.wasNeverSent {
                    roster.update { $0.doubtPlace(of: claim.id) }
                } else {
                    forget(claim.id)
                }
                throw error
            }
        }
        throw LockError(.unavailable, "the client's lease was lost again and again while the claim was placed")
    }

    /// - Parameter isClean: whether no request for it is under way any more.
    func forget(_ id: Claim.ID, isClean: Bool = false) {
        leases.release(roster.update { $0.forget(id, isClean: isClean) })
    }

    /// Notes the claim before it is sent: its outcome may never be known.
    private func draft(_ claim: Claim) async throws(LockError) -> Draft {
        let known = roster.update { $0.claims[claim.id] }
        var lease = known?.lease ?? 0
        let isFresh = known == nil || known?.phase == .gone || leases.life(of: lease) == nil
        if isFresh { lease = try await self.lease(for: claim.timeToLive) }
        var parts =
            known?.parts
            ?? claim.parts.map { part in
                let stem = codec.stem(of: part.key)
                return LocalClaim.Part(
                    key: part.key, mode: part.mode, stem: stem, claimKey: NameCodec.claimKey(stem, claim.id))
            }
        // Another client's may stand there already, under its own name.
        let isOurs = claim.id.client == soleClient.load(ordering: .relaxed)
        let owner = roster.update { state -> [UInt8] in
            if known == nil, parts.count == 1, isOurs { state.rename(&parts[0], for: claim.id) }
            if isFresh { state.enter(claim.id, parts, lease: lease) }
            return state.ownerBytes(claim.owner)
        }
        let sentAt = roster.time.now
        guard var life = leases.life(of: lease) else {
            throw LockError(.unavailable, "the client's lease was lost just now")
        }
        if sentAt - life.bornAt > life.timeToLive / 2 {
            // Rather a round trip than a claim without a life.
            guard let renewal = try await leases.renewed(lease) else {
                throw LockError(.unavailable, "the client's lease was lost just now")
            }
            life = (renewal.bornAt, renewal.timeToLive)
        }
        let names = claim.parts.count == 1 ? [] : claim.parts.map(\.key.text)
        let hasOwnName = NameCodec.id(ofKey: parts[0].claimKey) == claim.id
        let tail = ClaimValue.tail(
            placed: WallClock.milliseconds, client: client, owner: owner, id: hasOwnName ? nil : claim.id, names: names,
            note: claim.note.encoded)
        return Draft(
            claim: claim, parts: parts, lease: lease, tail: tail, life: life, sentAt: sentAt, isFirst: known == nil)
    }

    /// - Returns: `nil` where it was refused.
    private func place(_ draft: Draft, _ condition: PlaceCondition) async throws(LockError) -> Placed? {
        let parts = draft.parts
        let puts = parts.map { part in
            Etcdserverpb_RequestOp.put(part.claimKey, ClaimValue.bytes(part.mode, draft.tail), lease: draft.lease)
        }
        var request = Etcdserverpb_TxnRequest()
        request.compare = [.created(codec.tombstone(of: draft.claim.id), at: 0)]
        request.failure = parts.map { .range(.queue($0.stem)) }
        switch condition {
        case .always:
            request.compare.append(.created(parts[0].claimKey, at: 0))
            request.success = puts + parts.map { .range(firstLook(at: $0)) }
        case .ifFree:
            request.compare += parts.map { .nothing(under: $0.stem) }
            request.success = puts
        }
        var answer = try await link.txn(request)
        var attempts = 0
        while !answer.succeeded {
            let orders = try orders(answer.responses, parts)
            if let placed = try found(draft, answer.responses[0].responseRange, orders, asOf: answer.header.revision) {
                return placed
            }
            guard condition == .ifFree else { throw Self.buried(parts[0].key) }
            for (part, order) in zip(parts, orders) {
                if let other = order.conflict(with: part.mode, before: nil) { throw Self.conflict(part, other) }
            }
            guard zip(parts, orders).allSatisfy({ $1.standingAtEnd($0.mode) == .clear }) else { return nil }
            attempts += 1
            guard attempts < bounds.attemptsLimit else {
                throw LockError(.unavailable, "the lock changes too fast to be taken beside its holders; try again")
            }
            let since = answer.header.revision
            request.compare = [.created(codec.tombstone(of: draft.claim.id), at: 0)]
            request.compare += parts.map { .nothingNew(under: $0.stem, since: since) }
            request.success = puts
            answer = try await link.txn(request)
            if !answer.succeeded, answer.header.revision <= since { throw Self.buried(parts[0].key) }
        }
        let revision = answer.header.revision
        guard condition == .always else {
            return Placed(revision: revision, standings: parts.map { _ in .clear }, lease: draft.lease)
        }
        let orders = try orders(Array(answer.responses.dropFirst(parts.count)), parts)
        if let conflict = conflict(parts, orders) { try await giveWay(draft, conflict) }
        return Placed(revision: revision, standings: standings(parts, orders, asOf: revision), lease: draft.lease)
    }

    /// An exclusive claim looks at the one before it; the others at all.
    private func firstLook(at part: LocalClaim.Part) -> Etcdserverpb_RangeRequest {
        part.mode == .exclusive && codec.names == .encoded ? .tail(part.stem) : .queue(part.stem)
    }

    private func orders(
        _ answers: [Etcdserverpb_ResponseOp], _ parts: [LocalClaim.Part]
    ) throws(LockError) -> [KeyOrder] {
        guard answers.count == parts.count else { throw Self.unexpected }
        return zip(answers, parts).map { KeyOrder($0.responseRange, under: $1.stem) }
    }

    private func standings(
        _ parts: [LocalClaim.Part], _ orders: [KeyOrder], asOf revision: Int64
    ) -> [LocalClaim.Standing] {
        zip(parts, orders).map { part, order in
            switch order.standing(of: part.claimKey) {
            case .clear: .clear
            case .blocked(let watch): .blocked(watch: watch, asOf: revision)
            case .absent: .unknown
            }
        }
    }

    /// The claim as it stands, where it was placed before.
    private func found(
        _ draft: Draft, _ queue: Etcdserverpb_RangeResponse, _ orders: [KeyOrder], asOf revision: Int64
    ) throws(LockError) -> Placed? {
        let name = draft.parts[0].claimKey
        guard let own = queue.kvs.first(where: { $0.key.bytes == name }),
            // A value that was overwritten by hand says nothing.
            !draft.isFirst || (ClaimValue(own.value.bytes)?.id ?? NameCodec.id(ofKey: name)) == draft.claim.id
        else { return nil }
        return Placed(
            revision: own.createRevision, standings: standings(draft.parts, orders, asOf: revision), lease: own.lease)
    }
}

// MARK: - Modes that may not meet

extension EtcdBackend {
    private func conflict(_ parts: [LocalClaim.Part], _ orders: [KeyOrder]) -> (LocalClaim.Part, LockMode)? {
        for (part, order) in zip(parts, orders) {
            if let other = order.conflict(with: part.mode, before: part.claimKey) { return (part, other) }
        }
        return nil
    }

    /// Removes a claim whose mode may not meet that of an earlier one; returns where that one has given way itself.
    private func giveWay(_ draft: Draft, _ conflict: (LocalClaim.Part, LockMode)) async throws(LockError) {
        var request = Etcdserverpb_TxnRequest()
        request.success = draft.parts.map { .range(.queue($0.stem)) }
        let again = try await link.txn(request)
        guard let (part, other) = self.conflict(draft.parts, try orders(again.responses, draft.parts)) else { return }
        request.success = draft.parts.map { .delete($0.claimKey) }
        _ = try await link.txn(request, isCancellable: false)
        throw Self.conflict(part, other)
    }

    private static func conflict(_ part: LocalClaim.Part, _ other: LockMode) -> LockError {
        LockError(
            .modeConflict,
            "\(part.mode) was asked for where the key is in use as \(other); use one mode family and one limit",
            key: part.key)
    }

    private static func buried(_ key: LockKey) -> LockError {
        LockError(.leaseLost, "the claim was removed before it was placed", key: key)
    }
}
#endif
