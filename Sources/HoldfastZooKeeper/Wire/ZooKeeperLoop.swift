#if ZooKeeper
import NIOCore
import NIOPosix

/// The one thread that all sessions of the process share: it moves bytes, and decides nothing.
enum ZooKeeperLoop {
    /// Never shut down; idle without sessions.
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    static let shared = group.next()
    static let executor = ZooKeeperLoopExecutor(loop: shared)
}

/// Runs tasks on a loop's thread, where its answers arrive.
final class ZooKeeperLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
#endif
