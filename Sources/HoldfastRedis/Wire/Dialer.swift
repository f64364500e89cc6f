#if Redis
import Holdfast
import Logging
import NIOCore
import NIOPosix
import NIOSSL

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
        let promise = RedisLoop.shared.makePromise(of: RedisConnection.self)
        let bootstrap = ClientBootstrap(group: RedisLoop.group)
            .connectTimeout(bounds.connectTimeout)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let security { try channel.pipeline.syncOperations.addHandler(security.handler()) }
                    let handler = RedisHandler(bounds: bounds, place: place, onPush: onPush)
                    handler.takesArraysForPushes = isSubscriber
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        let channel: EventLoopFuture<any Channel>
        switch configuration.endpoint {
        case .tcp(let host, let port): channel = bootstrap.connect(host: host, port: port)
        case .unix(let path): channel = bootstrap.connect(unixDomainSocketPath: path)
        }
        channel.flatMapThrowing { channel in
            let handler = try channel.pipeline.syncOperations.handler(type: RedisHandler.self)
            return RedisConnection(channel: channel, handler: handler, bounds: bounds)
        }.cascade(to: promise)
        return try await Self.value(of: promise, place)
    }

    /// The connection; none, at once, where the task is cancelled: one that comes later is closed.
    private static func value(
        of promise: EventLoopPromise<RedisConnection>, _ place: String
    ) async throws(LockError) -> RedisConnection {
        do {
            return try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                promise.futureResult.whenSuccess { $0.channel.close(promise: nil) }
            }
        } catch {
            throw ConnectFailure.explain(error, place)
        }
    }
}
#endif
