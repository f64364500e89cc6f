import NIOCore
import NIOPosix
import Synchronization

/// A relay between client and server that loses, holds back, or cuts what it is told to.
///
/// ```swift
/// let proxy = try await FaultProxy(to: server.port)
/// proxy.replies = .drop                       // the server does it, the client never hears
/// ```
package final class FaultProxy: Sendable {
    /// What happens to bytes of one direction.
    package enum Flow: Sendable, Equatable {
        case pass
        /// Kept until it passes again; then delivered.
        case hold
        /// Lost. The connection stays open: half open, as after a network's cut.
        case drop
        /// At most so many bytes at a time, as many packets as that makes.
        case split(Int)
        /// One byte, and the next after this pause.
        case drip(Duration)
    }

    private struct State {
        var requests = Flow.pass
        var replies = Flow.pass
        var refuses = false
        var accepted = 0
        var exchanges = 0
        var relays: [ObjectIdentifier: any Channel] = [:]
    }

    package let port: Int
    private let state = Mutex(State())
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let listener: any Channel

    package init(to target: Int) async throws {
        let box = ProxyBox()
        listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { client in box.proxy?.relay(client, to: target) ?? client.close() }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
        box.proxy = self
    }

    deinit {
        for channel in state.withLock({ Array($0.relays.values) }) { channel.close(promise: nil) }
        listener.close(promise: nil)
        group.shutdownGracefully { _ in }
    }

    package var requests: Flow {
        get { state.withLock(\.requests) }
        set { change { $0.requests = newValue } }
    }

    package var replies: Flow {
        get { state.withLock(\.replies) }
        set { change { $0.replies = newValue } }
    }

    /// New connections are closed at once.
    package var refuses: Bool {
        get { state.withLock(\.refuses) }
        set { state.withLock { $0.refuses = newValue } }
    }

    /// Connections so far.
    package var accepted: Int { state.withLock(\.accepted) }
    /// Round trips so far, on all connections: how often a client has spoken after its server, or first.
    package var exchanges: Int { state.withLock(\.exchanges) }
    /// Connections that are open now.
    package var open: Int { state.withLock { $0.relays.count } }

    /// Ends every connection.
    package func cut() {
        for channel in state.withLock({ Array($0.relays.values) }) { channel.close(promise: nil) }
    }

    private func change(_ set: (inout State) -> Void) {
        state.withLock { set(&$0) }
        for channel in state.withLock({ Array($0.relays.values) }) {
            channel.eventLoop.execute { channel.pipeline.fireUserInboundEventTriggered(FaultProxyChanged()) }
        }
    }

    private func relay(_ client: any Channel, to target: Int) -> EventLoopFuture<Void> {
        let refused = state.withLock { state in
            state.accepted += 1
            return state.refuses
        }
        guard !refused else { return client.close() }
        let key = ObjectIdentifier(client)
        state.withLock { $0.relays[key] = client }
        client.closeFuture.whenComplete { [weak self] _ in
            self?.state.withLock { _ = $0.relays.removeValue(forKey: key) }
        }
        return ClientBootstrap(group: client.eventLoop).connect(host: "127.0.0.1", port: target).flatMapThrowing {
            [weak self] server in
            let turn = FaultTurn { self?.state.withLock { $0.exchanges += 1 } }
            let there = FaultRelay(to: server, heard: { turn.pass(toClient: true) }, flow: { self?.requests ?? .pass })
            let back = FaultRelay(to: client, heard: { turn.pass(toClient: false) }, flow: { self?.replies ?? .pass })
            try client.pipeline.syncOperations.addHandler(there)
            try server.pipeline.syncOperations.addHandler(back)
            try client.pipeline.syncOperations.addHandler(FaultRelayBell(there, back))
        }
    }
}

/// Known to the listener before the proxy is.
private final class ProxyBox: Sendable {
    private let state = Mutex<WeakProxy>(WeakProxy())
    private struct WeakProxy { weak var proxy: FaultProxy? }
    var proxy: FaultProxy? {
        get { state.withLock(\.proxy) }
        set { state.withLock { $0.proxy = newValue } }
    }
}

private struct FaultProxyChanged: Sendable {}

/// Who spoke last on one connection.
private final class FaultTurn {
    private var isClients = false
    private let began: () -> Void

    /// - Parameter began: called where the client speaks after the server.
    init(_ began: @escaping () -> Void) { self.began = began }

    func pass(toClient: Bool) {
        if toClient, !isClients { began() }
        isClients = toClient
    }
}

/// One direction of one connection.
private final class FaultRelay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let peer: any Channel
    private let heard: () -> Void
    private let flow: () -> FaultProxy.Flow
    private var held: [ByteBuffer] = []
    private var isResting = false

    /// - Parameter heard: called for each piece that comes.
    init(to peer: any Channel, heard: @escaping () -> Void, flow: @escaping () -> FaultProxy.Flow) {
        self.peer = peer
        self.heard = heard
        self.flow = flow
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heard()
        held.append(unwrapInboundIn(data))
        look()
    }

    func look() {
        switch flow() {
        case .hold: break
        case .drop: held = []
        case .pass:
            for buffer in held { peer.writeAndFlush(buffer, promise: nil) }
            held = []
        case .split(let size):
            for var buffer in held {
                while let piece = buffer.readSlice(length: min(size, buffer.readableBytes)), piece.readableBytes > 0 {
                    peer.writeAndFlush(piece, promise: nil)
                }
            }
            held = []
        case .drip(let pause):
            guard !isResting, let byte = held.first?.getSlice(at: held[0].readerIndex, length: 1) else { break }
            peer.writeAndFlush(byte, promise: nil)
            held[0].moveReaderIndex(forwardBy: 1)
            if held[0].readableBytes == 0 { held.removeFirst() }
            isResting = true
            peer.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(pause)) {
                self.isResting = false
                self.look()
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) { peer.close(promise: nil) }
}

/// Tells both directions that the flow has changed.
private final class FaultRelayBell: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let relays: [FaultRelay]
    init(_ relays: FaultRelay...) { self.relays = relays }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is FaultProxyChanged {
            for relay in relays { relay.look() }
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
