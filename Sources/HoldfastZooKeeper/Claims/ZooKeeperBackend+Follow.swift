#if ZooKeeper
import Holdfast

extension ZooKeeperBackend {
    /// Looks after the claims here that wait for one lock, until there are none.
    ///
    /// The oldest of them stands for all. Blockers of this client tell of their end by themselves; others are watched.
    func follow(_ parent: String) async {
        var watches: [String: Watch] = [:]
        while !Task.isCancelled, let step = roster.update({ $0.nextStep(parent) }) {
            do throws(ZooKeeperError) {
                switch step {
                case .list(let session, let joined):
                    let order = NodeOrder(try await session.children(parent).children, configuration.dialect)
                    roster.update { $0.apply(order, of: parent, by: session, joined: joined) }
                case .wait(let bell, let session, let nodes):
                    for (node, watch) in watches where !nodes.contains(node) || watch.isOver {
                        watches[node] = nil
                        watch.cancel()
                    }
                    for node in nodes where watches[node] == nil {
                        watches[node] = try await watch(node, of: parent, session)
                    }
                    await bell.wait()
                }
            } catch {
                if error.fault == .noNode {
                    // The lock's node is gone, and with it all claims on it.
                    roster.update { $0.apply(NodeOrder([]), of: parent, by: nil, joined: .max) }
                    continue
                }
                roster.update { $0.failed(parent, error.lockError) }
                // A cancelled sleep ends the loop above.
                try? await roster.time.sleep(until: roster.time.now + bounds.retryPause)
            }
        }
        for watch in watches.values { watch.cancel() }
    }

    /// - Returns: `nil` where the node is gone already.
    private func watch(
        _ node: String, of parent: String, _ session: ZooKeeperSession
    ) async throws(ZooKeeperError) -> Watch? {
        do throws(ZooKeeperError) {
            // Of its data: of its existence would leave a watch behind where it is gone.
            let watch = try await session.watchData(parent + "/" + node).watch
            watch.whenFired { event in
                self.roster.update { state in
                    switch event {
                    case .deleted: state.left(parent, node)
                    case .changed: state.wake(parent)
                    case .lost: state.doubt(parent)
                    case .created, .childrenChanged, .cancelled: return
                    }
                }
            }
            return watch
        } catch {
            guard error.fault == .noNode else { throw error }
            roster.update { $0.left(parent, node) }
            return nil
        }
    }
}
#endif
