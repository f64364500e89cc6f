#if Redis
import Holdfast
import Logging
import NIOCore
import NIOPosix

/// Makes connections and greets the server.
struct Dialer: Sendable {
    let configuration: RedisConfiguration
    let bounds: LinkBounds
    let logger: Logger?

    private var place: String { configuration.description }

    /// A session, ready for commands.
    func session(_ number: UInt64, onPush: @escaping RedisLink.OnPush) async throws(LockError) -> RedisSession {
        let commands = try await connection(onPush: onPush)
        var open = [commands]
        do throws(LockError) {
            let server = try await Greeting(configuration: configuration).greet(commands, bounds)
            var subscriber = commands
            if !server.version3 {
                subscriber = try await connection(onPush: onPush, isSubscriber: true)
                open.append(subscriber)
                _ = try await Greeting(configuration: configuration, version3: false).greet(subscriber, bounds)
            }
            return RedisSession(
                number: number, server: server, commands: commands, subscriber: subscriber, bounds: bounds)
        } catch {
            for connection in open { connection.channel.close(promise: nil) }
            throw error
        }
    }

    /// A socket, not greeted yet.
    private func connection(
        onPush: @escaping RedisLink.OnPush, isSubscriber: Bool = false
    ) async throws(LockError) -> RedisConnection {
        let security = try TLSSetup(configuration, logger)
        let (bounds, place) = (bounds, place)
        let dial = SocketDial(endpoint: configuration.endpoint, timeout: Duration(bounds.connectTimeout), place: place)
        let descriptor = try await dial.connected()
        // With TLS only the pipeline can write.
        let own = security == nil ? OwnedDescriptor(duplicating: descriptor) : nil
        let isTCP = if case .tcp = configuration.endpoint { true } else { false }
        let bootstrap = ClientBootstrap(group: RedisLoop.group)
            .channelOption(.socketOption(.so_keepalive), value: 1)
        do {
            return try await bootstrap.withConnectedSocket(descriptor) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if isTCP { try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1) }
                    if let security { try channel.pipeline.syncOperations.addHandler(security.handler()) }
                    let handler = RedisHandler(bounds: bounds, place: place, onPush: onPush)
                    handler.takesArraysForPushes = isSubscriber
                    try channel.pipeline.syncOperations.addHandler(handler)
                    return RedisConnection(channel: channel, handler: handler, bounds: bounds, descriptor: own)
                }
            }
        } catch {
            throw ConnectFailure.explain(error, place)
        }
    }
}
#endif
