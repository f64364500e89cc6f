#if Etcd
import Holdfast
import Logging
import NIOCore
import NIOHTTP2
import NIOPosix

/// Makes connections, and logs in.
struct EtcdDialer: Sendable {
    let configuration: EtcdConfiguration
    let bounds: EtcdBounds
    let counter: EtcdCounter
    let logger: Logger?

    /// A session, ready for calls.
    func session(_ number: UInt64, _ endpoint: EtcdConfiguration.Endpoint) async throws(LockError) -> EtcdSession {
        let connection = try await connection(to: endpoint)
        counter.add { $0.connections += 1 }
        let login = configuration.credentials.map { Login($0, bounds) }
        do throws(LockError) {
            _ = try await login?.renew(after: 0, on: connection)
        } catch {
            connection.channel.close(promise: nil)
            throw error
        }
        return EtcdSession(
            number: number, endpoint: endpoint, connection: connection, login: login, bounds: bounds, counter: counter)
    }

    /// A connection whose server has said its settings. Names are looked up each time.
    private func connection(to endpoint: EtcdConfiguration.Endpoint) async throws(LockError) -> EtcdConnection {
        let place = "\(configuration.tls == nil ? "etcd" : "etcds")://\(endpoint)"
        let security = try TLSSetup(configuration, logger)
        let setup = GRPCHandler.Setup(
            bounds: bounds, place: place, authority: endpoint.description, isSecure: security != nil,
            hasAlternatives: configuration.endpoints.count > 1, counter: counter)
        let made = ClientBootstrap(group: EtcdLoop.group)
            .connectTimeout(TimeAmount(bounds.connectTimeout))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        let waiter = Waiter<EtcdConnection>()
        // Looking up a name knows no time-out, and a server may accept and say nothing.
        let late = LockError(
            .unavailable,
            "\(place) does not answer in time: is it etcd, does DNS answer, does a firewall let it through?")
        let alarm = EtcdLoop.shared.scheduleTask(in: TimeAmount(bounds.connectTimeout * 1.25)) {
            _ = waiter.settle(.failure(late))
        }
        defer { alarm.cancel() }
        let bounds = bounds
        return try await waiter.cancellableOutcome {
            let holder = made.channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let security { try pipeline.addHandler(security.handler(for: endpoint.host)) }
                    try pipeline.addHandler(Self.framing(bounds))
                    try pipeline.addHandler(GRPCHandler(setup))
                }
            }
            holder.connect(host: endpoint.host, port: endpoint.port).flatMap { channel in
                Self.ready(channel, bounds).flatMapErrorThrowing { error in
                    channel.close(promise: nil)
                    throw error
                }
            }.whenComplete { outcome in
                let outcome = outcome.mapError { ConnectFailure.explain($0, place) }
                if !waiter.settle(outcome), case .success(let connection) = outcome {
                    connection.channel.close(promise: nil)
                }
            }
        }.get()
    }

    /// Succeeds when the server has said its settings.
    private static func ready(_ channel: any Channel, _ bounds: EtcdBounds) -> EventLoopFuture<EtcdConnection> {
        do {
            // A port of the loopback on which nobody listens may be the one that the kernel chose for this end.
            if let own = channel.localAddress, own == channel.remoteAddress {
                throw IOError(errnoCode: ECONNREFUSED, reason: "connect")
            }
            let handler = try channel.pipeline.syncOperations.handler(type: GRPCHandler.self)
            // It may have ended by now: TLS can fail that fast.
            guard !handler.isFinished, let ready = handler.ready else {
                throw handler.failure ?? ConnectFailure.explain(ChannelError.eof, "etcd")
            }
            let connection = EtcdConnection(channel: channel, handler: handler, bounds: bounds)
            let late = channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(bounds.connectTimeout)) {
                handler.end(LockError(.unavailable, "\(handler.setup.place) takes connections and says nothing"))
            }
            return ready.futureResult.map { connection }.always { _ in late.cancel() }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private static func framing(_ bounds: EtcdBounds) -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .initialWindowSize, value: GRPCHandler.streamWindow),
            HTTP2Setting(parameter: .maxHeaderListSize, value: bounds.headerBytes),
        ]
        // The server's own PINGs come about once a round trip; the limit is for servers that face strangers.
        connection.controlFrameRateLimit.maximumCount = bounds.serverPings
        connection.maximumRecentlyResetStreams = bounds.streams
        connection.maximumConnectionGlitches = bounds.serverGlitches
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = bounds.serverGlitches
        stream.streamErrorRateLimit.maximumCount = bounds.serverGlitches
        return NIOHTTP2Handler(mode: .client, connectionConfiguration: connection, streamConfiguration: stream)
    }
}
#endif
