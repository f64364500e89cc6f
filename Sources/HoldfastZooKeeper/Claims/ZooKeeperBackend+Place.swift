#if ZooKeeper
public import Holdfast

extension ZooKeeperBackend {
    /// One try to place a claim: in a session that it uses until it is forgotten.
    struct Draft {
        let claim: Claim
        var parts: [LocalClaim.Part]
        let life: Int64
        let session: ZooKeeperSession
        /// Of its session, before the request is sent.
        let lifeTime: (bornAt: Duration, timeToLive: Duration)
        let sentAt: Duration

        var id: Claim.ID { claim.id }
    }

    public func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        let parts = try parts(of: claim)
        let isNew = roster.update { $0.claims[claim.id] == nil }
        for _ in 0..<bounds.attemptsLimit {
            if let known = roster.update({ $0.claims[claim.id] }) {
                if let placement = try await again(claim, known) { return placement }
            }
            if condition == .ifFree, try await !isFree(parts, for: claim.timeToLive) { return .refused }
            let draft = try await draft(claim, parts)
            do throws(ZooKeeperError) {
                if let placement = try await place(draft, condition) { return placement }
            } catch {
                guard error.fault == .noNode || error.fault == .sessionExpired else {
                    if error.isOutcomeUnknown, !isNew || !error.lockError.wasNeverSent {
                        roster.update { $0.claims[claim.id]?.isUncertain = true }
                    } else {
                        forget(claim.id)
                    }
                    throw error.lockError
                }
                // Nothing was done.
                forget(claim.id)
                if error.fault == .sessionExpired { lost(draft.life) } else { try await makeParents(draft) }
            }
        }
        throw LockError(.unavailable, "the lock's node or the client's session was lost again and again while placing")
    }

    func forget(_ id: Claim.ID) { lives.release(roster.update { $0.forget(id) }) }

    private func parts(of claim: Claim) throws(LockError) -> [LocalClaim.Part] {
        var parts: [LocalClaim.Part] = []
        for part in claim.parts {
            parts.append(LocalClaim.Part(key: part.key, mode: part.mode, parent: try codec.parent(of: part.key)))
        }
        return parts
    }

    private func draft(_ claim: Claim, _ parts: [LocalClaim.Part]) async throws(LockError) -> Draft {
        let (life, session) = try await session(for: claim.timeToLive)
        guard let lifeTime = try await youngLife(life) else {
            lives.release([life])
            throw LockError(.unavailable, "the client's session was lost just now")
        }
        roster.update { $0.enter(claim.id, parts, session, life: life) }
        return Draft(
            claim: claim, parts: parts, life: life, session: session, lifeTime: lifeTime, sentAt: roster.time.now)
    }

    /// A session's life; rather after a round trip than with little of it left.
    private func youngLife(_ life: Int64) async throws(LockError) -> (bornAt: Duration, timeToLive: Duration)? {
        guard let known = lives.life(of: life) else { return nil }
        guard roster.time.now - known.bornAt > known.timeToLive / 2 else { return known }
        do throws(LockError) {
            return try await lives.renewed(life).map { ($0.bornAt, $0.timeToLive) }
        } catch {
            lives.release([life])
            throw error
        }
    }

    /// Asks whether a claim would be held at once, before anything is written.
    private func isFree(_ parts: [LocalClaim.Part], for timeToLive: Duration) async throws(LockError) -> Bool {
        let (life, session) = try await session(for: timeToLive)
        defer { lives.release([life]) }
        do throws(ZooKeeperError) {
            if try await isFree(parts, session) { return true }
            // This server may not have heard of a release yet.
            try await session.sync("/")
            return try await isFree(parts, session)
        } catch {
            throw error.lockError
        }
    }

    private func isFree(
        _ parts: [LocalClaim.Part], _ session: ZooKeeperSession
    ) async throws(ZooKeeperError) -> Bool {
        let orders = try await list(parts, session)
        for (part, order) in zip(parts, orders) {
            if let other = order.conflict(with: part.mode, before: nil) { throw .failed(Self.conflict(part, other)) }
        }
        return zip(parts, orders).allSatisfy { $1.standingAtEnd($0.mode) == .clear }
    }

    /// None where there is no such node.
    func children(
        of parent: String, _ session: ZooKeeperSession, isCancellable: Bool = true
    ) async throws(ZooKeeperError) -> [String] {
        do throws(ZooKeeperError) {
            return try await session.children(parent, isCancellable: isCancellable).children
        } catch {
            if error.fault == .noNode { return [] }
            throw error
        }
    }

    /// - Returns: `nil` where its session was lost meanwhile, and the claim with it.
    private func place(_ draft: Draft, _ condition: PlaceCondition) async throws(ZooKeeperError) -> Placement? {
        var draft = draft
        let (czxid, listings) = try await create(&draft)
        if let endless = draft.parts.first(where: { $0.sequence > bounds.sequenceLimit }) {
            try await giveUp(draft)
            throw .failed(
                LockError(
                    .limitExceeded,
                    "the node \(endless.parent) has numbered nearly 2^31 claims: delete it while unused",
                    key: endless.key))
        }
        var orders = listings
        if let other = orders[0].entries.first(where: {
            $0.key != draft.parts[0].node && NodeName.id(of: $0.key) == draft.id
        }) {
            try await giveUp(draft)
            // It is the other one that whoever asks later means.
            roster.update { _ = $0.departed.remove(draft.id) }
            return try await standing(of: draft.id, parts: draft.parts, node: other.key, draft)
        }
        if let conflict = Self.conflict(draft.parts, orders) {
            // The other may have given way itself.
            orders = try await listAgain(draft)
            if Self.conflict(draft.parts, orders) != nil {
                try await giveUp(draft)
                throw .failed(conflict)
            }
        }
        for index in draft.parts.indices {
            draft.parts[index].standing = orders[index].knownStanding(of: draft.parts[index].node)
        }
        if condition == .ifFree, !draft.parts.allSatisfy(\.isClear) {
            try await giveUp(draft)
            return .refused
        }
        return conclude(draft, czxid)
    }

    private func conclude(_ draft: Draft, _ czxid: Int64) -> Placement? {
        guard let token = FencingToken(rawValue: czxid), lives.life(of: draft.life) != nil else { return nil }
        let isHeld = roster.update { $0.placed(draft.id, draft.parts, czxid: czxid) }
        let age = lives.age(
            bornAt: draft.lifeTime.bornAt, granted: draft.lifeTime.timeToLive, wanted: draft.claim.timeToLive,
            now: draft.sentAt)
        return isHeld ? .held(Grant(token: token, age: age)) : .waiting(age: age)
    }

    /// Creates the nodes, and lists what stands beside them.
    private func create(_ draft: inout Draft) async throws(ZooKeeperError) -> (czxid: Int64, [NodeOrder]) {
        let names = draft.parts.count == 1 ? [] : draft.claim.parts.map(\.key.text)
        let tail = ClaimValue.tail(
            placed: WallClock.milliseconds, client: client, owner: ClaimValue.bytes(draft.claim.owner), names: names,
            note: draft.claim.note.encoded)
        for index in draft.parts.indices {
            // As it is from its creation on.
            draft.parts[index].content = LocalClaim.Content(
                data: ClaimValue.bytes(draft.parts[index].mode, tail), version: 0)
        }
        let starts = draft.parts.map { $0.parent + "/" + NodeName.start(draft.id, $0.mode, configuration.dialect) }
        guard draft.parts.count > 1 else {
            let (part, data) = (draft.parts[0], draft.parts[0].content?.data ?? [])
            let (created, listing) = try await draft.session.create(
                starts[0], .ephemeralSequential, data: data, thenChildrenOf: part.parent)
            try draft.parts[0].take(created.path, configuration.dialect)
            return (created.stat.czxid, try await orders([listing], beside: draft))
        }
        let (results, zxid, listings) = try await draft.session.multi(
            zip(starts, draft.parts).map { start, part in
                .create(path: start, data: part.content?.data ?? [], mode: .ephemeralSequential)
            }, thenChildrenOf: draft.parts.map(\.parent))
        for (index, result) in results.enumerated() {
            switch result {
            case .created(let path): try draft.parts[index].take(path, configuration.dialect)
            case .failed(let fault): throw ZooKeeperError(fault)
            default: continue
            }
        }
        return (zxid, try await orders(listings, beside: draft))
    }

    /// What was listed right behind a claim's creation.
    private func orders(
        _ listings: [Result<(children: [String], stat: Stat), ZooKeeperError>], beside draft: Draft
    ) async throws(ZooKeeperError) -> [NodeOrder] {
        do throws(ZooKeeperError) {
            var orders: [NodeOrder] = []
            for listing in listings { orders.append(NodeOrder(try listing.get().children, configuration.dialect)) }
            return orders
        } catch {
            throw try await takeBack(draft, after: error)
        }
    }

    /// What stands beside a claim that is there already.
    private func listAgain(_ draft: Draft) async throws(ZooKeeperError) -> [NodeOrder] {
        do throws(ZooKeeperError) {
            return try await list(draft.parts, draft.session)
        } catch {
            throw try await takeBack(draft, after: error)
        }
    }

    /// Deletes a claim that was created where the server refuses to say what stands beside it.
    private func takeBack(
        _ draft: Draft, after error: ZooKeeperError
    ) async throws(ZooKeeperError) -> ZooKeeperError {
        guard error.fault != nil, error.fault != .sessionExpired else { return error.after(draft) }
        try await giveUp(draft)
        return error
    }

    private func list(
        _ parts: [LocalClaim.Part], _ session: ZooKeeperSession
    ) async throws(ZooKeeperError) -> [NodeOrder] {
        let dialect = configuration.dialect
        return try await together(parts.map(\.parent)) { parent throws(ZooKeeperError) in
            NodeOrder(try await self.children(of: parent, session), dialect)
        }
    }
}

extension ZooKeeperError {
    /// The same of a request that follows a claim's creation: also where this one was refused, or not sent, the claim
    /// is there. It goes with its session.
    func after(_ draft: ZooKeeperBackend.Draft) -> ZooKeeperError {
        guard fault != .sessionExpired else { return self }
        let error = lockError
        return .failed(
            LockError(
                error.code == .cancelled ? .cancelled : .unavailable,
                "the claim was placed, and may be there: \(error.message)", key: draft.claim.key, cause: error))
    }
}

extension LocalClaim.Part {
    /// Notes the name that the server has completed.
    fileprivate mutating func take(
        _ path: String, _ dialect: ZooKeeperConfiguration.Dialect
    ) throws(ZooKeeperError) {
        guard path.hasPrefix(parent + "/") else { throw .failed(Roster.unexpected) }
        node = String(path.dropFirst(parent.count + 1))
        guard let name = NodeName(node, dialect) else {
            // A negative number: the counter has run over.
            return sequence = .max
        }
        sequence = name.sequence
    }
}
#endif
