#if ZooKeeper
public import Holdfast

extension ZooKeeperBackend {
    public func examine() async throws(LockError) -> [Finding] {
        do throws(ZooKeeperError) {
            let (life, session) = try await anySession()
            defer { lives.release([life]) }
            let granted = Finding(.fine, "session", "\(session.negotiatedTimeout) granted")
            return [granted, users] + (try await strangers(session))
        } catch {
            throw error.lockError
        }
    }

    private var users: Finding {
        if configuration.credentials != nil { return Finding(.fine, "users", "a user with a password") }
        return Finding(
            .notice, "users", "no user: whoever reaches the ensemble can break locks",
            remedy: "Give a user and a password, where the network is shared.")
    }

    /// Nodes beside claims that are no claims as they should be.
    private func strangers(_ session: ZooKeeperSession) async throws(ZooKeeperError) -> [Finding] {
        var findings: [Finding] = []
        let locks = try await locks(session)
        for path in locks.prefix(bounds.nodesLimit) where findings.count < bounds.namedLimit {
            let children = try await children(of: path, session)
            if let kazoo = children.first(where: { $0.contains("__lock__") || $0.contains("__rlock__") }) {
                findings.append(
                    Finding(
                        .notice, "layouts", "\(path)/\(kazoo) is kazoo's",
                        remedy: "Tell kazoo of our nodes: Lock(path, extra_lock_patterns=[\"-lock-\"])."))
            }
            if codec.names == .encoded,
                let other = children.first(where: { NodeName($0, configuration.dialect) == nil })
            {
                findings.append(
                    Finding(
                        .danger, "layouts",
                        "\(path)/\(other) is no claim in the dialect \(configuration.dialect.rawValue)",
                        remedy: "It excludes no lock here: give Holdfast another prefix, or all clients one dialect."))
            }
            let order = NodeOrder(children, configuration.dialect)
            for found in try await read(order, of: path, session) where found.stat.ephemeralOwner == 0 {
                findings.append(
                    Finding(
                        .danger, "layouts", "\(found.path) is not ephemeral: it blocks its lock for ever",
                        remedy: "Delete it where its owner is gone."))
            }
        }
        guard findings.isEmpty else { return findings }
        return [Finding(.fine, "layouts", "no other layout in \(locks.count) locks")]
    }
}
#endif
