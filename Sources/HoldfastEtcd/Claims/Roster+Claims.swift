#if Etcd
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

    /// The store said how a claim stands that was placed at `revision`.
    mutating func placed(
        _ id: Claim.ID, at revision: Int64, _ standings: [LocalClaim.Standing], tail: [UInt8], now: Duration
    ) -> Bool {
        guard let index = claims.index(forKey: id) else { return false }
        guard claims.values[index].phase == .placing else {
            for (part, standing) in zip(claims.values[index].parts, standings) where !part.isClear {
                if case .clear = standing { cleared(id, on: part.stem) }
            }
            return claims[id]?.phase == .held
        }
        claims.values[index].revision = revision
        claims.values[index].written = revision
        claims.values[index].tail = tail
        for (part, standing) in standings.enumerated() {
            claims.values[index].parts[part].standing = settled(standing, at: Line.Place(revision: revision, id: id))
        }
        unwatched.append((id, now))
        if watcherSleeps {
            watcherSleeps = false
            effects.bells.append(watcherBell)
        }
        claims.values[index].phase = .waiting
        guard !claims.values[index].parts.allSatisfy(\.isClear) else {
            granted(index)
            return true
        }
        let place = Line.Place(revision: revision, id: id)
        for part in claims.values[index].parts where !part.isClear {
            if lines[part.stem] == nil {
                lines[part.stem] = Line()
                effects.stems.append(part.stem)
            }
            lines[part.stem]?.join(place)
            wakeIfNeeded(part.stem)
        }
        return false
    }

    /// What is known of a blocker that has left meanwhile is old.
    private func settled(_ standing: LocalClaim.Standing, at place: Line.Place) -> LocalClaim.Standing {
        guard case .blocked(let watch, _) = standing else { return standing }
        return watch.contains { hasLeft($0, before: place) } ? .unknown : standing
    }

    /// One more of a claim's keys is clear.
    mutating func cleared(_ id: Claim.ID, on stem: [UInt8]) {
        guard let index = claims.index(forKey: id), claims.values[index].phase == .waiting,
            let part = claims.values[index].parts.firstIndex(where: { $0.stem == stem })
        else { return }
        claims.values[index].parts[part].standing = .clear
        leave(stem, Line.Place(revision: claims.values[index].revision, id: id))
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

    /// A claim is not in the store any more, and its client knows.
    ///
    /// - Parameter isClean: whether no request for it is under way any more.
    /// - Returns: the leases that it no longer needs.
    mutating func forget(_ id: Claim.ID, isClean: Bool) -> [Int64] {
        guard let index = claims.index(forKey: id) else { return [] }
        quit(index, id)
        let claim = claims.remove(at: index).value
        spare(claim, id, isClean: isClean)
        elsewhere.removeValue(forKey: id)
        depart(id)
        return [claim.lease] + claim.formerLeases
    }

    /// Ends what waits for a claim or behind it.
    private mutating func quit(_ index: Dictionary<Claim.ID, LocalClaim>.Index, _ id: Claim.ID) {
        let claim = claims.values[index]
        if let waiter = claim.waiter {
            claims.values[index].waiter = nil
            effects.answers.append((waiter, .failure(Roster.gone)))
        }
        if !claim.watches.isEmpty {
            effects.watches += claim.watches
            claims.values[index].watches = []
        }
        guard !lines.isEmpty else { return }
        let place = Line.Place(revision: claim.revision, id: id)
        for part in claim.parts where lines[part.stem] != nil {
            if claim.phase == .waiting { leave(part.stem, place) }
            keyLeft(part.claimKey, part.stem)
        }
    }

    mutating func depart(_ id: Claim.ID) {
        guard departed.insert(id).inserted else { return }
        if departures.count < Roster.departedLimit {
            departures.append(id)
        } else {
            departed.remove(departures[nextDeparture])
            departures[nextDeparture] = id
            nextDeparture = (nextDeparture + 1) % Roster.departedLimit
        }
    }

    mutating func remember(_ id: Claim.ID, _ keys: [[UInt8]]) {
        if elsewhere.count >= Roster.elsewhereLimit { elsewhere.removeAll(keepingCapacity: true) }
        elsewhere[id] = keys
    }
}
#endif
