#if ZooKeeper
public import Holdfast

extension ZooKeeperBackend {
    /// One `sync` for each session, however many claims it has, shared with other callers.
    ///
    /// A claim's life is its session's: a longer one that is asked for later is not granted, and the age says so.
    public func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        let called = roster.time.now
        var outcome = Extension()
        var groups: [Int64: [Claim.ID]] = [:]
        var unknown: [Claim.ID] = []
        roster.update { state in
            for id in ids {
                if let claim = state.claims[id], claim.phase != .gone {
                    groups[claim.life, default: []].append(id)
                } else if state.claims[id] != nil || state.departed.contains(id) {
                    outcome.gone.insert(id)
                } else {
                    unknown.append(id)
                }
            }
        }
        for id in unknown where try await !isThere(id) { outcome.gone.insert(id) }
        for (life, members) in groups.sorted(by: { $0.key < $1.key }) {
            guard let renewal = try await lives.renewed(life) else {
                outcome.gone.formUnion(members)
                continue
            }
            // Whatever was done to their nodes before is told by now.
            try await look(at: members)
            outcome.age = max(
                outcome.age,
                lives.age(bornAt: renewal.bornAt, granted: renewal.timeToLive, wanted: timeToLive, now: called))
        }
        roster.update { state in
            for id in ids {
                if state.claims[id]?.phase == .gone { outcome.gone.insert(id) }
                if state.claims[id]?.isAsked == true { outcome.asked.insert(id) }
            }
        }
        outcome.asked.subtract(outcome.gone)
        return outcome
    }

    /// Watches the nodes of claims that are not watched, and reads those that have changed: an operator may have
    /// deleted one, or asked for it. Claims that come and go faster than they are renewed cost no watch.
    private func look(at ids: [Claim.ID]) async throws(LockError) {
        let due = roster.update { state in
            ids.compactMap { id -> (Claim.ID, LocalClaim)? in
                guard let claim = state.claims[id], claim.isLive, claim.isChanged else { return nil }
                return (id, claim)
            }
        }
        guard !due.isEmpty else { return }
        do throws(ZooKeeperError) {
            _ = try await together(due) { item throws(ZooKeeperError) in try await self.look(at: item.0, item.1) }
        } catch {
            throw error.lockError
        }
    }

    private func look(at id: Claim.ID, _ claim: LocalClaim) async throws(ZooKeeperError) {
        var watches: [Watch] = []
        var contents: [LocalClaim.Content] = []
        // What comes while it is read is new.
        roster.update { $0.claims[id]?.isChanged = false }
        do throws(ZooKeeperError) {
            for part in claim.parts {
                let (data, stat, watch) = try await claim.session.watchData(part.path)
                watch.whenFired { event in self.heard(event, of: id) }
                watches.append(watch)
                contents.append(LocalClaim.Content(data: data, version: stat.version))
            }
        } catch {
            guard error.fault == .noNode else {
                roster.update { $0.claims[id]?.isChanged = true }
                throw error
            }
            return roster.update { $0.gone(id) }
        }
        roster.update { state in
            guard let known = state.claims[id], known.isLive else { return state.effects.watches += watches }
            state.effects.watches += known.watches
            state.claims[id]?.watches = watches
            if contents.contains(where: { AskMark.isOn($0.data) }) { state.claims[id]?.isAsked = true }
            state.keep(contents, of: id, claim.session)
        }
    }

    private func heard(_ event: WatchEvent, of id: Claim.ID) {
        roster.update { state in
            switch event {
            case .deleted: state.gone(id)
            case .changed:
                state.claims[id]?.isChanged = true
                state.effects.hints.append(id)
            case .lost: state.claims[id]?.isChanged = true
            case .created, .childrenChanged, .cancelled: return
            }
        }
    }

    /// Whether another client's claim is there.
    private func isThere(_ id: Claim.ID) async throws(LockError) -> Bool {
        do throws(ZooKeeperError) {
            let (life, session) = try await anySession()
            defer { lives.release([life]) }
            return try await !locate(id, session).isEmpty
        } catch {
            throw error.lockError
        }
    }
}
#endif
