#if Etcd
public import Holdfast

extension EtcdBackend {
    /// Renews the leases of these claims: one message each for any number of claims, shared with other callers.
    public func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        let called = roster.time.now
        var outcome = Extension()
        var groups: [Int64: [Claim.ID]] = [:]
        var unknown: [Claim.ID] = []
        roster.update { state in
            for id in ids {
                if let claim = state.claims[id], claim.phase != .gone {
                    groups[claim.lease, default: []].append(id)
                } else if state.claims[id] != nil || state.departed.contains(id) {
                    outcome.gone.insert(id)
                } else {
                    unknown.append(id)
                }
            }
        }
        if !unknown.isEmpty { try await extendOthers(unknown, for: timeToLive, called, &outcome) }
        groups = try await settled(groups, for: timeToLive, &outcome)
        for (lease, members) in groups.sorted(by: { $0.key < $1.key }) {
            guard let renewal = try await leases.renewed(lease) else {
                outcome.gone.formUnion(members)
                continue
            }
            outcome.asked.formUnion(renewal.asked.intersection(members))
            outcome.age = max(
                outcome.age,
                leases.age(
                    bornAt: renewal.bornAt, granted: renewal.timeToLive, wanted: timeToLive, now: called))
        }
        // Lost while the renewal was under way.
        roster.update { state in
            for id in ids where state.claims[id]?.phase == .gone { outcome.gone.insert(id) }
        }
        outcome.asked.subtract(outcome.gone)
        return outcome
    }

    /// The claims by the leases that live long enough: others are put under one that does.
    private func settled(
        _ groups: [Int64: [Claim.ID]], for timeToLive: Duration, _ outcome: inout Extension
    ) async throws(LockError) -> [Int64: [Claim.ID]] {
        let seconds = Self.seconds(timeToLive)
        var settled: [Int64: [Claim.ID]] = [:]
        for (lease, members) in groups {
            guard let current = leases.seconds(of: lease) else {
                outcome.gone.formUnion(members)
                continue
            }
            guard current < seconds else {
                settled[lease, default: []] += members
                continue
            }
            for id in members {
                if let next = try await move(id, for: timeToLive) {
                    settled[next, default: []].append(id)
                } else {
                    outcome.gone.insert(id)
                }
            }
        }
        return settled
    }

    /// Puts a claim's keys under another lease; its token stays.
    ///
    /// - Returns: `nil` where it is gone.
    private func move(_ id: Claim.ID, for timeToLive: Duration) async throws(LockError) -> Int64? {
        let lease = try await lease(for: timeToLive)
        // From now on both leases are needed, whatever the answer is.
        let claim = roster.update { state -> LocalClaim? in
            guard let claim = state.claims[id], claim.isLive else { return nil }
            state.claims[id]?.formerLeases.append(lease)
            return claim
        }
        guard let claim else {
            leases.release([lease])
            return nil
        }
        var request = Etcdserverpb_TxnRequest()
        request.compare = claim.parts.map { .created($0.claimKey, at: claim.revision) }
        request.success = claim.parts.map { .move($0.claimKey, to: lease) }
        let answer = try await link.txn(request)
        roster.update { state in
            guard let former = state.claims[id]?.formerLeases.lastIndex(of: lease) else { return }
            guard answer.succeeded else { return state.gone(id) }
            state.claims[id]?.formerLeases[former] = claim.lease
            state.claims[id]?.lease = lease
            state.claims[id]?.written = answer.header.revision
        }
        return answer.succeeded ? lease : nil
    }

    /// Claims that another client has placed.
    private func extendOthers(
        _ ids: [Claim.ID], for timeToLive: Duration, _ called: Duration, _ outcome: inout Extension
    ) async throws(LockError) {
        let found = try await locate(ids)
        for id in ids {
            guard let key = found[id]?.first, let entry = try await entry(of: id, at: key) else {
                outcome.gone.insert(id)
                continue
            }
            let kept = try await link.keepAlive(entry.lease)
            guard kept.timeToLive > 0 else {
                outcome.gone.insert(id)
                continue
            }
            let age = leases.age(
                bornAt: since(kept.sentAt), granted: .seconds(kept.timeToLive), wanted: timeToLive, now: called)
            outcome.age = max(outcome.age, age)
        }
    }
}
#endif
