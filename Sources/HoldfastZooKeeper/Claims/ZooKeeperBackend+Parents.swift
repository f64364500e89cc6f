#if ZooKeeper
import Holdfast

extension ZooKeeperBackend {
    func makeParents(_ draft: Draft) async throws(LockError) {
        do throws(ZooKeeperError) {
            for part in draft.parts { try await makeParent(part.parent, draft.session) }
        } catch {
            throw error.lockError
        }
    }

    func makeParent(_ parent: String, _ session: ZooKeeperSession) async throws(ZooKeeperError) {
        do throws(ZooKeeperError) {
            try await makeContainers(parent, session)
        } catch {
            guard error.fault == .noNode else { throw error }
            try await session.makeRoot()
            try await makeContainers(parent, session)
        }
    }

    /// Containers vanish by themselves some time after their last child.
    func makeContainers(_ parent: String, _ session: ZooKeeperSession) async throws(ZooKeeperError) {
        var path = ""
        for component in parent.split(separator: "/") {
            path += "/" + component
            do throws(ZooKeeperError) {
                _ = try await session.create(path, .container)
            } catch {
                // One above may be there, and not ours to write to.
                guard error.fault == .nodeExists || error.fault == .noAuth && path != parent else { throw error }
            }
        }
    }

    /// The first part whose mode may not meet that of an earlier claim.
    static func conflict(_ parts: [LocalClaim.Part], _ orders: [NodeOrder]) -> LockError? {
        for (part, order) in zip(parts, orders) {
            if let other = order.conflict(with: part.mode, before: part.node) { return conflict(part, other) }
        }
        return nil
    }

    static func conflict(_ part: LocalClaim.Part, _ other: LockMode) -> LockError {
        LockError(
            .modeConflict,
            "\(part.mode) was asked for where the key is in use as \(other); use one mode family and one limit",
            key: part.key)
    }
}
#endif
