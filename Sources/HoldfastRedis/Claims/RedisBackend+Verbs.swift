#if Redis
public import Holdfast
import Synchronization

extension RedisBackend {
    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        if let claim = roster.state.withLock({ $0.claims[id] }) {
            let removal = try await remove(id, claim.keys, isOwn: true)
            roster.forget(id)
            return removal
        }
        guard let keys = try await locate([id], isUncancelled: true)[id] else { return .absent }
        let removal = try await remove(id, keys, isOwn: false)
        roster.state.withLock { _ = $0.elsewhere.removeValue(forKey: id) }
        return removal
    }

    private func remove(_ id: Claim.ID, _ keys: [KeyNames], isOwn: Bool) async throws(LockError) -> Removal {
        let reply = try await call(
            scripts.remove, keys: keys.count * KeyNames.count, arguments: 2, isUncancelled: true
        ) { written in
            for key in keys { key.append(to: &written) }
            written.append(id.description)
            written.append(isOwn ? "0" : "1")
        }
        return reply == .integer(1) ? .removed : .absent
    }

    public func ask(_ id: Claim.ID) async throws(LockError) -> Removal {
        guard let keys = try await keys(of: id) else { return .absent }
        let reply = try await call(scripts.ask, keys: keys.count * KeyNames.count, arguments: 1) { written in
            for key in keys { key.append(to: &written) }
            written.append(id.description)
        }
        return reply == .integer(1) ? .removed : .absent
    }

    /// One script. A claim that was not placed here is absent, and so is one whose slot has moved to another node.
    public func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        guard let keys = roster.state.withLock({ $0.claims[id]?.keys }) else { return .absent }
        do throws(LockError) {
            let reply = try await call(scripts.annotate, keys: keys.count * KeyNames.count, arguments: 3) { written in
                for key in keys { key.append(to: &written) }
                written.append(note.encoded)
                written.append(id.description)
                written.append(Int64(keys.count))
            }
            return reply == .integer(1) ? .removed : .absent
        } catch {
            guard hasMoved(error) else { throw error }
            return .absent
        }
    }

    /// Where a claim stands, found by a search where another client placed it; `nil` where it does not.
    func keys(of id: Claim.ID) async throws(LockError) -> [KeyNames]? {
        if let claim = roster.state.withLock({ $0.claims[id] }) { return claim.keys }
        return try await locate([id], isUncancelled: false)[id]
    }

    public func grant(of id: Claim.ID) async throws(LockError) -> Grant {
        let phase = roster.state.withLock { $0.claims[id]?.phase }
        switch phase {
        case .granted(let token): return try await confirmed(id, Grant(token: token))
        case .waiting, .placing: return try await confirmed(id, try await roster.await(id))
        case .gone: throw Roster.gone
        case .held, nil: break
        }
        // Asked for once more, or of another client's claim: the server knows.
        guard let keys = try await keys(of: id) else { throw Roster.gone }
        while true {
            let question = Roster.Look.Question(group: "", id: id, keys: keys)
            let answers = try await look([question])
            guard answers[0].state >= 0 else { throw Roster.gone }
            if let token = FencingToken(rawValue: answers[0].state) { return Grant(token: token) }
            do {
                try await roster.time.sleep(until: roster.time.now + Roster.peerLookInterval)
            } catch {
                throw Roster.cancelled
            }
        }
    }

    /// With durability, a grant that another's write has made counts once this connection's own write has replicas.
    private func confirmed(_ id: Claim.ID, _ grant: Grant) async throws(LockError) -> Grant {
        guard configuration.durability != .none else { return grant }
        guard let claim = roster.state.withLock({ $0.claims[id] }) else { throw Roster.gone }
        do throws(LockError) {
            let outcome = try await extend([(id, claim.keys)], milliseconds: claim.longestLife)
            guard outcome.gone.isEmpty else { throw Roster.gone }
            return grant
        } catch {
            guard error.code == .unavailable else { throw error }
            _ = try await remove(id)
            throw Roster.gone
        }
    }
}
#endif
