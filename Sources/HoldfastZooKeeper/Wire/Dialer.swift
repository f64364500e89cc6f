#if ZooKeeper
import Holdfast
import Logging
import NIOCore
import NIOPosix

/// Makes connections, and greets the servers.
struct Dialer: Sendable {
    let configuration: ZooKeeperConfiguration
    let bounds: ZooKeeperBounds
    let mark: ZxidMark
    let tally: RequestTally
    let logger: Logger?

    /// A server's answer, and what it came on.
    struct Greeted: Sendable {
        let connection: ZooKeeperConnection
        let response: ConnectResponse
    }

    /// A connection whose server has said which session we have; it may say that ours is over.
    func greeted(
        by server: ZooKeeperConfiguration.Server, _ request: ConnectRequest, within time: TimeAmount
    ) async throws(LockError) -> Greeted {
        let end = NIODeadline.now() + time
        let (connection, greeting) = try await connection(server, request, time)
        do throws(LockError) {
            let hint = configuration.tls == nil ? "" : " in TLS: does the server speak TLS on this port?"
            let late = LockError(.unavailable, "\(server) takes connections and does not answer\(hint)")
            let alarm = ZooKeeperLoop.shared.scheduleTask(deadline: end) { _ = greeting.settle(.failure(late)) }
            defer { alarm.cancel() }
            let response = try await greeting.cancellableOutcome {}.get()
            guard !response.isReadOnly else {
                throw LockError(.unavailable, "\(server) has no quorum, and serves reads only")
            }
            // An expired session needs no introduction.
            if response.timeout > .zero { try await introduce(on: connection, server, end) }
            return Greeted(connection: connection, response: response)
        } catch {
            connection.channel.close(promise: nil)
            throw connection.failure ?? error
        }
    }

    /// Says who we are.
    private func introduce(
        on connection: ZooKeeperConnection, _ server: ZooKeeperConfiguration.Server, _ end: NIODeadline
    ) async throws(LockError) {
        guard let credentials = configuration.credentials else { return }
        let request = Request(.auth, deadline: end) { body in
            body.writeInteger(0 as Int32)
            body.writeJute("digest")
            body.writeJute(Array("\(credentials.user):\(credentials.password)".utf8))
        }
        let late = LockError(.unavailable, "\(server) does not answer to the credentials")
        let alarm = ZooKeeperLoop.shared.scheduleTask(deadline: end) { request.settle(.failure(late)) }
        defer { alarm.cancel() }
        let reply = try await connection.reply(to: request)
        guard reply.error != 0 else { return }
        var refusal = ZooKeeperFault(code: reply.error).lockError
        refusal.message = "\(server) refused the credentials: \(refusal.message)"
        throw refusal
    }

    /// A socket, not greeted yet.
    private func connection(
        _ server: ZooKeeperConfiguration.Server, _ request: ConnectRequest, _ time: TimeAmount
    ) async throws(LockError) -> (ZooKeeperConnection, Waiter<ConnectResponse>) {
        let security = try TLSSetup(configuration, logger)
        let dial = SocketDial(server: server, timeout: Duration(time), place: "\(server)")
        let descriptor = try await dial.connected()
        // With TLS only the pipeline can write.
        let own = security == nil ? OwnedDescriptor(duplicating: descriptor) : nil
        let (bounds, mark, tally) = (bounds, mark, tally)
        do {
            return try await ClientBootstrap(group: ZooKeeperLoop.group).withConnectedSocket(descriptor) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
                    if let security {
                        try channel.pipeline.syncOperations.addHandler(security.handler(for: server.host))
                    }
                    let handler = ZooKeeperHandler(
                        bounds: bounds, place: "\(server)", opening: request.frame, mark: mark)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    let connection = ZooKeeperConnection(
                        channel: channel, handler: handler, bounds: bounds, tally: tally, descriptor: own)
                    return (connection, handler.greeting)
                }
            }
        } catch {
            throw ConnectFailure.explain(error, "\(server)")
        }
    }
}
#endif
