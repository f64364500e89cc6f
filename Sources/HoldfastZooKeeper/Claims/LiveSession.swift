#if ZooKeeper
import Holdfast

/// A session with the number that it has here, and how to end it.
final class LiveSession: Sendable {
    let session: ZooKeeperSession
    /// Rung where it shall end.
    let end = Bell()

    init(_ session: ZooKeeperSession) { self.session = session }

    /// Runs it until it is over, or its end is asked for.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.session.run() }
            group.addTask { await self.end.wait() }
            await group.next()
            group.cancelAll()
        }
    }
}
#endif
