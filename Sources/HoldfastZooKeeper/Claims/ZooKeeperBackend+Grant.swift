#if ZooKeeper
public import Holdfast

extension ZooKeeperBackend {
    public func grant(of id: Claim.ID) async throws(LockError) -> Grant {
        if let grant = try await roster.awaitGrant(of: id) { return grant }
        guard !roster.update({ $0.departed.contains(id) }) else { throw Roster.gone }
        // Of another client's claim the store is asked, now and then.
        do throws(ZooKeeperError) {
            let (life, session) = try await anySession()
            defer { lives.release([life]) }
            while true {
                let nodes = try await locate(id, session)
                guard let first = nodes.first else { throw .failed(Roster.gone) }
                if nodes.allSatisfy(\.isClear), let token = FencingToken(rawValue: first.stat.czxid) {
                    return Grant(token: token)
                }
                do {
                    try await roster.time.sleep(until: roster.time.now + bounds.pollPause)
                } catch {
                    throw .failed(Roster.cancelled)
                }
            }
        } catch {
            throw error.lockError
        }
    }
}
#endif
