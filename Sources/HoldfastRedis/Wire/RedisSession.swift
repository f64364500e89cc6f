#if Redis
import Holdfast
import NIOCore

/// One connection of a link, greeted and authenticated; with version 2 of the protocol, a second one for pushes.
final class RedisSession: Sendable {
    /// One for the link's first attempt, and so on.
    let number: UInt64
    let server: RedisServerIdentity
    private let commands: RedisConnection
    /// Where subscriptions go.
    private let subscriber: RedisConnection
    private let bounds: LinkBounds

    init(
        number: UInt64, server: RedisServerIdentity, commands: RedisConnection, subscriber: RedisConnection,
        bounds: LinkBounds
    ) {
        self.number = number
        self.server = server
        self.commands = commands
        self.subscriber = subscriber
        self.bounds = bounds
    }

    func send(_ command: RedisCommand) async throws(LockError) -> RESPValue {
        let request = Request(command, deadline: .now() + bounds.requestTimeout)
        return try await connection(for: request).reply(to: request).value()
    }

    func send(_ commands: [RedisCommand]) async throws(LockError) -> [RESPValue] {
        let request = Request(commands, deadline: .now() + bounds.requestTimeout)
        return try await connection(for: request).reply(to: request).values
    }

    /// Any thread.
    func enqueue(_ request: Request) -> RedisConnection.Acceptance { connection(for: request).enqueue(request) }

    private func connection(for request: Request) -> RedisConnection {
        request.answer == .reply ? commands : subscriber
    }

    /// Returns when one of the sockets is closed, or the task is cancelled; then both are.
    func closed() async {
        let channels = [commands.channel, subscriber.channel]
        for channel in channels {
            channel.closeFuture.whenComplete { _ in for other in channels { other.close(promise: nil) } }
        }
        await withTaskCancellationHandler {
            for channel in channels { try? await channel.closeFuture.get() }
        } onCancel: {
            for channel in channels { channel.close(promise: nil) }
        }
    }

    func end() async {
        commands.channel.close(promise: nil)
        subscriber.channel.close(promise: nil)
        await closed()
    }

    /// Why it ended.
    var failure: LockError? { commands.failure ?? subscriber.failure }
}

/// What a server said of itself when it was greeted.
struct RedisServerIdentity: Sendable, Equatable {
    /// `redis`, `valkey`, …; empty where the server has no HELLO.
    var name = ""
    var version = ""
    /// `standalone`, `cluster` or `sentinel`.
    var mode = ""
    /// `master` or `replica`.
    var role = ""
    /// Of the protocol.
    var version3 = false
    var clientID: Int64?
}
#endif
