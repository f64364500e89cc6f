import NIOCore
import NIOPosix
import Synchronization

/// A server that says one thing to everybody, or nothing.
package final class Liar: Sendable {
    /// Counts apart from the server, which is not there yet when its listener is made.
    private final class Visits: Sendable {
        let count = Atomic(0)
    }

    package let port: Int
    private let visits: Visits
    private let listener: any Channel
    private let group: MultiThreadedEventLoopGroup

    package init(says text: String) async throws {
        let visits = Visits()
        self.visits = visits
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                visits.count.add(1, ordering: .relaxed)
                // Once the channel is active.
                channel.eventLoop.execute { channel.writeAndFlush(ByteBuffer(string: text), promise: nil) }
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
    }

    deinit { group.shutdownGracefully { _ in } }

    package var accepted: Int { visits.count.load(ordering: .relaxed) }
}
