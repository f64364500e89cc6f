#if ZooKeeper
public import Holdfast

extension ZooKeeperBackend {
    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        do throws(ZooKeeperError) {
            if let claim = roster.update({ $0.claims[id] }) { return try await remove(id, claim) }
            if roster.update({ $0.departed.contains(id) }) { return .absent }
            return try await removeOthers(id)
        } catch {
            throw error.lockError
        }
    }

    private func remove(_ id: Claim.ID, _ claim: LocalClaim) async throws(ZooKeeperError) -> Removal {
        var removal = Removal.absent
        do throws(ZooKeeperError) {
            if claim.phase == .placing || claim.isUncertain {
                removal = try await bury(id, claim)
            } else if claim.phase != .gone {
                removal = try await delete(claim.parts.map(\.path), claim.session)
            }
        } catch {
            guard error.fault == .sessionExpired else { throw error }
            lost(claim.life)
        }
        // What may yet be executed ends with its session.
        if claim.isUncertain { lives.retire(claim.life) }
        forget(id)
        return removal
    }

    /// Removes a claim that may be there or not: all is seen that was done before the `sync`.
    private func bury(_ id: Claim.ID, _ claim: LocalClaim) async throws(ZooKeeperError) -> Removal {
        try await claim.session.sync("/", isCancellable: false)
        var paths: [String] = []
        for part in claim.parts {
            let children = try await children(of: part.parent, claim.session, isCancellable: false)
            paths += children.filter { NodeName.id(of: $0) == id }.map { part.parent + "/" + $0 }
        }
        return try await delete(paths, claim.session)
    }

    /// Deletes a claim that is given up while it is placed.
    func giveUp(_ draft: Draft) async throws(ZooKeeperError) {
        do throws(ZooKeeperError) {
            try await delete(draft.parts.map(\.path), draft.session)
        } catch {
            throw error.after(draft)
        }
        forget(draft.id)
    }

    /// Deletes a claim's nodes, all at once.
    @discardableResult
    func delete(_ paths: [String], _ session: ZooKeeperSession) async throws(ZooKeeperError) -> Removal {
        if paths.count > 1 {
            let (results, _) = try await session.multi(paths.map { .delete(path: $0) }, isCancellable: false)
            if results.allSatisfy({ $0 == .deleted }) { return .removed }
        }
        // One of them is gone already, perhaps.
        var removal = Removal.absent
        for path in paths {
            do throws(ZooKeeperError) {
                try await session.delete(path, isCancellable: false)
                removal = .removed
            } catch {
                guard error.fault == .noNode else { throw error }
            }
        }
        return removal
    }

    /// Another client's claim, or a peer's.
    private func removeOthers(_ id: Claim.ID) async throws(ZooKeeperError) -> Removal {
        let (life, session) = try await anySession()
        defer { lives.release([life]) }
        let nodes = try await locate(id, session)
        guard !nodes.isEmpty else { return .absent }
        return try await delete(nodes.map(\.path), session)
    }

    /// For questions that concern no claim of this client.
    func anySession() async throws(ZooKeeperError) -> (Int64, ZooKeeperSession) {
        do throws(LockError) {
            return try await session(for: bounds.errandLife)
        } catch {
            throw .failed(error)
        }
    }
}
#endif
