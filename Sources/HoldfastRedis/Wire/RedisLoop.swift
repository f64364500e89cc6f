#if Redis
import NIOCore
import NIOPosix

/// The one thread that all links of the process share: it moves bytes, and decides nothing.
enum RedisLoop {
    /// Never shut down; idle without links.
    static let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    static let shared = group.next()
}
#endif
