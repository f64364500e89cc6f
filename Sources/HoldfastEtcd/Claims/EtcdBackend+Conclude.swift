#if Etcd
import Holdfast

extension EtcdBackend {
    /// Notes how a claim stands that is in the store.
    ///
    /// - Returns: `nil` where its lease was lost meanwhile, and the claim with it.
    func conclude(_ draft: Draft, _ placed: Placed) async throws(LockError) -> Placement? {
        let (id, wanted) = (draft.claim.id, draft.claim.timeToLive)
        guard let token = FencingToken(rawValue: placed.revision) else { throw Self.unexpected }
        if draft.isFirst, placed.lease != draft.lease { return try await concludeForeign(draft, placed, token) }
        let now = roster.time.now
        guard leases.life(of: draft.lease) != nil else { return nil }
        let isHeld = roster.update {
            $0.placed(id, at: placed.revision, placed.standings, tail: draft.tail, now: now)
        }
        // Of the moment when it was sent, or a little after: rather too old than too young.
        let age = leases.age(
            bornAt: draft.life.bornAt, granted: draft.life.timeToLive, wanted: wanted, now: draft.sentAt)
        return isHeld ? .held(Grant(token: token, age: age)) : .waiting(age: age)
    }

    /// Another client has placed it: it is told how it stands, and lives anew.
    private func concludeForeign(
        _ draft: Draft, _ placed: Placed, _ token: FencingToken
    ) async throws(LockError) -> Placement {
        let keys = draft.parts.map(\.claimKey)
        forget(draft.claim.id)
        roster.update { state in
            state.departed.remove(draft.claim.id)
            state.remember(draft.claim.id, keys)
        }
        let kept = try await link.keepAlive(placed.lease)
        guard kept.timeToLive > 0 else { throw Roster.gone }
        let age = leases.age(
            bornAt: since(kept.sentAt), granted: .seconds(kept.timeToLive), wanted: draft.claim.timeToLive,
            now: roster.time.now)
        let isHeld = placed.standings.allSatisfy { if case .clear = $0 { true } else { false } }
        return isHeld ? .held(Grant(token: token, age: age)) : .waiting(age: age)
    }
}

extension Roster.State {
    /// Notes a claim that is to be placed, or to be placed anew, under a lease that was taken for it.
    mutating func enter(_ id: Claim.ID, _ parts: [LocalClaim.Part], lease: Int64) {
        departed.remove(id)
        guard let known = claims[id] else {
            claims[id] = LocalClaim(parts: parts, lease: lease)
            return
        }
        claims[id]?.formerLeases.append(known.lease)
        claims[id]?.lease = lease
        claims[id]?.phase = .placing
        claims[id]?.revision = 0
        for part in parts.indices { claims[id]?.parts[part].standing = .unknown }
    }

    /// A place has failed, and may have been executed, now or later; one that was never sent has not.
    mutating func doubtPlace(of id: Claim.ID) {
        if claims[id] == nil { depart(id) } else { claims[id]?.isUncertain = true }
    }

    /// As it is written in a claim's value.
    mutating func ownerBytes(_ owner: Owner) -> [UInt8] {
        if let known = self.owner, known.owner == owner { return known.bytes }
        let bytes = ClaimValue.bytes(owner)
        self.owner = (owner, bytes)
        return bytes
    }
}
#endif
