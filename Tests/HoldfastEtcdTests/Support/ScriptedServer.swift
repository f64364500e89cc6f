#if Etcd
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import Synchronization

@testable import HoldfastEtcd

/// A server that speaks gRPC and answers as it is told: for what a real one says too seldom.
final class ScriptedServer: Sendable {
    enum Action: Sendable {
        case reply(ByteBuffer)
        case fault(Int, String)
        /// It did not look at it.
        case refuse
        /// It goes away, and did not look at this one.
        case goAway
        /// A page of a proxy.
        case page
        /// Headers and half a message, then the end without a status.
        case truncate
        case silence
    }

    /// What to do with the message of a call; a number counts the messages so far, from 1.
    typealias Script = @Sendable (_ method: String, _ message: ByteBuffer, _ number: Int) -> Action

    let port: Int
    private let listener: any Channel
    private let group: MultiThreadedEventLoopGroup

    init(_ script: @escaping Script) async throws {
        let counter = CounterBox()
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOHTTP2Handler(mode: .server))
                    try channel.pipeline.syncOperations.addHandler(ScriptedHandler(script, counter))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
    }

    deinit { group.shutdownGracefully { _ in } }

    var configuration: EtcdConfiguration { EtcdConfiguration(host: "127.0.0.1", port: port) }
}

private final class CounterBox: Sendable {
    private let count = Atomic(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}

private final class ScriptedHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let script: ScriptedServer.Script
    private let counter: CounterBox
    private var paths: [HTTP2StreamID: String] = [:]
    private var begun: Set<HTTP2StreamID> = []

    init(_ script: @escaping ScriptedServer.Script, _ counter: CounterBox) {
        self.script = script
        self.counter = counter
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers): paths[frame.streamID] = headers.headers.first(name: ":path")
        case .data(let data):
            guard case .byteBuffer(let bytes) = data.data, let path = paths[frame.streamID] else { return }
            var frames = MessageFrames(limit: 1_000_000)
            frames.append(bytes)
            while let message = try? frames.next() {
                perform(script(path, message, counter.next()), frame.streamID, data.endStream, context)
            }
            context.flush()
        default: break
        }
    }

    private func perform(
        _ action: ScriptedServer.Action, _ stream: HTTP2StreamID, _ isLast: Bool, _ context: ChannelHandlerContext
    ) {
        func write(_ payload: HTTP2Frame.FramePayload, on stream: HTTP2StreamID) {
            context.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
        }
        func begin() {
            guard begun.insert(stream).inserted else { return }
            write(.headers(.init(headers: [":status": "200", "content-type": "application/grpc"])), on: stream)
        }
        switch action {
        case .reply(let message):
            begin()
            write(.data(.init(data: .byteBuffer(message))), on: stream)
            if isLast { write(.headers(.init(headers: ["grpc-status": "0"], endStream: true)), on: stream) }
        case .fault(let status, let text):
            let headers: HPACKHeaders = [":status": "200", "grpc-status": "\(status)", "grpc-message": text]
            write(.headers(.init(headers: headers, endStream: true)), on: stream)
        case .refuse: write(.rstStream(.refusedStream), on: stream)
        case .goAway:
            let last = HTTP2StreamID(max(0, Int(stream) - 2))
            write(.goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil), on: .rootStream)
        case .page:
            write(.headers(.init(headers: [":status": "502", "content-type": "text/html"])), on: stream)
            write(.data(.init(data: .byteBuffer(ByteBuffer(string: "<html>")), endStream: true)), on: stream)
        case .truncate:
            begin()
            write(.data(.init(data: .byteBuffer(ByteBuffer(bytes: [0, 0, 0, 1, 0])), endStream: true)), on: stream)
        case .silence: break
        }
    }
}
#endif
