#if ZooKeeper
import Holdfast

extension Roster.State {
    /// - Returns: `false` where the claim was not placed here; otherwise the caller is answered, now or later.
    mutating func wait(
        for id: Claim.ID, ticket: UInt64, _ caller: CheckedContinuation<Result<Grant, LockError>?, Never>
    ) -> Bool {
        guard let claim = claims[id] else { return false }
        let waiter = LocalClaim.Waiter(ticket: ticket, caller: caller)
        switch claim.phase {
        case .held: effects.answers.append((waiter, claim.grant))
        case .gone: effects.answers.append((waiter, .failure(Roster.gone)))
        case .placing, .waiting:
            if Task.isCancelled {
                effects.answers.append((waiter, .failure(Roster.cancelled)))
            } else if claim.waiter != nil {
                effects.answers.append((waiter, .failure(Roster.awaited)))
            } else {
                claims[id]?.waiter = waiter
            }
        }
        return true
    }

    /// Notes a claim before it is sent: its outcome may never be known.
    mutating func enter(_ id: Claim.ID, _ parts: [LocalClaim.Part], _ session: ZooKeeperSession, life: Int64) {
        departed.remove(id)
        claims[id] = LocalClaim(parts: parts, session: session, life: life)
    }

    /// The store has a claim, with these nodes.
    ///
    /// - Returns: whether it is held.
    mutating func placed(_ id: Claim.ID, _ parts: [LocalClaim.Part], czxid: Int64) -> Bool {
        guard let index = claims.index(forKey: id), claims.values[index].phase == .placing else { return false }
        claims.values[index].parts = parts
        claims.values[index].czxid = czxid
        claims.values[index].isUncertain = false
        claims.values[index].phase = .waiting
        guard !parts.allSatisfy(\.isClear) else {
            granted(index)
            return true
        }
        for part in parts where !part.isClear {
            if lines[part.parent] == nil {
                lines[part.parent] = Line()
                effects.parents.append(part.parent)
            }
            tickets += 1
            lines[part.parent]?.join(Line.Place(sequence: part.sequence, id: id, joined: tickets))
            wake(part.parent)
        }
        return false
    }

    /// One more of a claim's keys is clear.
    mutating func cleared(_ id: Claim.ID, on parent: String) {
        guard let index = claims.index(forKey: id), claims.values[index].phase == .waiting,
            let part = claims.values[index].parts.firstIndex(where: { $0.parent == parent })
        else { return }
        claims.values[index].parts[part].standing = .clear
        lines[parent]?.leave(id)
        wake(parent)
        if claims.values[index].parts.allSatisfy(\.isClear) { granted(index) }
    }

    private mutating func granted(_ index: Dictionary<Claim.ID, LocalClaim>.Index) {
        claims.values[index].phase = .held
        guard let waiter = claims.values[index].waiter else { return }
        claims.values[index].waiter = nil
        effects.answers.append((waiter, claims.values[index].grant))
    }

    /// The store no longer has it. It is remembered until it is removed: its client may still do so.
    mutating func gone(_ id: Claim.ID) {
        guard let index = claims.index(forKey: id), claims.values[index].phase != .gone else { return }
        effects.hints.append(id)
        quit(index, id)
        claims.values[index].phase = .gone
    }

    /// All that was placed in a session that has ended.
    mutating func ended(_ life: Int64) {
        for (id, claim) in claims where claim.life == life && claim.phase != .placing { gone(id) }
    }

    /// A claim is not in the store any more, and its client knows.
    ///
    /// - Returns: the session that it no longer needs.
    mutating func forget(_ id: Claim.ID) -> [Int64] {
        guard let index = claims.index(forKey: id) else { return [] }
        quit(index, id)
        let claim = claims.remove(at: index).value
        depart(id)
        return [claim.life]
    }

    /// Ends what waits for a claim or behind it.
    private mutating func quit(_ index: Dictionary<Claim.ID, LocalClaim>.Index, _ id: Claim.ID) {
        let claim = claims.values[index]
        if let waiter = claim.waiter {
            claims.values[index].waiter = nil
            effects.answers.append((waiter, .failure(Roster.gone)))
        }
        effects.watches += claim.watches
        claims.values[index].watches = []
        guard !lines.isEmpty, claim.phase != .gone else { return }
        claims.values[index].phase = .gone
        for part in claim.parts where lines[part.parent] != nil {
            lines[part.parent]?.leave(id)
            left(part.parent, part.node)
        }
    }

    private mutating func depart(_ id: Claim.ID) {
        guard departed.insert(id).inserted else { return }
        if departures.count < Roster.departedLimit {
            departures.append(id)
        } else {
            departed.remove(departures[nextDeparture])
            departures[nextDeparture] = id
            nextDeparture = (nextDeparture + 1) % Roster.departedLimit
        }
    }
}
#endif
