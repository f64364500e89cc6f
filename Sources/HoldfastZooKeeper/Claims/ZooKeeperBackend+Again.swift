#if ZooKeeper
import Holdfast

extension ZooKeeperBackend {
    /// Places a claim that was placed here before.
    ///
    /// - Returns: `nil` where the store has not got it: it is to be placed as a new one.
    func again(_ claim: Claim, _ known: LocalClaim) async throws(LockError) -> Placement? {
        guard known.phase != .gone, let renewal = try await lives.renewed(known.life) else {
            forget(claim.id)
            return nil
        }
        do throws(ZooKeeperError) {
            if known.phase == .placing {
                guard try await adopt(claim, known) else {
                    forget(claim.id)
                    return nil
                }
            } else {
                for part in known.parts where try await known.session.exists(part.path) == nil {
                    forget(claim.id)
                    return nil
                }
            }
        } catch {
            throw error.lockError
        }
        let age = lives.age(
            bornAt: renewal.bornAt, granted: renewal.timeToLive, wanted: claim.timeToLive, now: renewal.bornAt)
        guard let placed = roster.update({ $0.claims[claim.id] }), placed.isLive else { return nil }
        guard placed.phase == .held else { return .waiting(age: age) }
        return .held(Grant(token: try placed.grant.get().token, age: age))
    }

    /// Looks for a claim whose creation was not answered, by its GUID; all is seen that was done before the renewal.
    ///
    /// What another session has created is about to vanish: it is no claim of ours.
    private func adopt(_ claim: Claim, _ known: LocalClaim) async throws(ZooKeeperError) -> Bool {
        var parts = known.parts
        var czxid: Int64 = 0
        for index in parts.indices {
            let order = NodeOrder(try await children(of: parts[index].parent, known.session), configuration.dialect)
            guard let own = order.entries.first(where: { NodeName.id(of: $0.key) == claim.id }) else { return false }
            parts[index].node = own.key
            parts[index].sequence = own.revision
            parts[index].standing = order.knownStanding(of: own.key)
            guard let stat = try await known.session.exists(parts[index].path) else { return false }
            guard stat.ephemeralOwner == known.session.id else {
                try await delete([parts[index].path], known.session)
                return false
            }
            czxid = stat.czxid
        }
        _ = roster.update { $0.placed(claim.id, parts, czxid: czxid) }
        return true
    }

    /// How a claim stands that another client has placed under the same id. Its life is that client's.
    func standing(
        of id: Claim.ID, parts: [LocalClaim.Part], node: String, _ draft: Draft
    ) async throws(ZooKeeperError) -> Placement? {
        var isHeld = true
        var czxid: Int64 = 0
        for part in parts {
            let order = NodeOrder(try await children(of: part.parent, draft.session), configuration.dialect)
            guard let own = order.entries.first(where: { NodeName.id(of: $0.key) == id }),
                let stat = try await draft.session.exists(part.parent + "/" + own.key)
            else { return nil }
            czxid = stat.czxid
            if order.standing(of: own.key) != .clear { isHeld = false }
        }
        guard isHeld, let token = FencingToken(rawValue: czxid) else { return .waiting() }
        return .held(Grant(token: token))
    }
}
#endif
