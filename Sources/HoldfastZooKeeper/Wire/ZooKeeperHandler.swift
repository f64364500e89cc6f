#if ZooKeeper
import Holdfast
import NIOCore

/// The end of a channel's pipeline: writes batches, matches answers with requests. Lives on the event loop.
final class ZooKeeperHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A batch buffer larger than this is given back.
    private static let keptCapacity = 1_048_576

    let bounds: ZooKeeperBounds
    let place: String
    /// Settled by the first frame.
    let greeting = Waiter<ConnectResponse>()
    private let opening: ByteBuffer
    private let mark: ZxidMark
    /// Set before the channel is active. A cycle, until it is closed.
    private(set) var connection: ZooKeeperConnection?
    private var context: ChannelHandlerContext?
    private var parser: FrameParser
    private var isGreeted = false
    var replies = ReplyQueue()
    private var auths = CircularBuffer<Request>()
    private(set) var pings = 0
    private var watches = WatchTable()
    private var spare = ZooKeeperConnection.Outbox()
    private var answered = 0
    private(set) var heard = NIODeadline.now()
    private(set) var sent = NIODeadline.now()
    /// The session's, once it is known.
    private(set) var timeout: TimeAmount?
    var timer: Scheduled<Void>?
    /// Why the connection ends, where we know.
    private var failure: LockError?

    /// - Parameters:
    ///   - place: where the server is, for messages.
    ///   - opening: the first frame, written as soon as there is a connection.
    init(bounds: ZooKeeperBounds, place: String, opening: ByteBuffer, mark: ZxidMark) {
        self.bounds = bounds
        self.place = place
        self.opening = opening
        self.mark = mark
        parser = FrameParser(bound: bounds.replyBytes)
    }

    func attach(_ connection: ZooKeeperConnection) { self.connection = connection }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(opening), promise: nil)
        context.fireChannelActive()
    }

    func begin(_ timeout: Duration) {
        self.timeout = TimeAmount(timeout)
        sent = .now()
        look()
    }

    /// Takes all that tasks have handed over, and writes what is not written yet.
    func drain() {
        guard let connection, let context else { return }
        connection.take(&spare)
        guard !spare.requests.isEmpty else { return }
        let now = NIODeadline.now()
        sent = now
        for (request, xid) in spare.requests {
            switch request.code {
            case .ping: pings += 1
            case .auth: auths.append(request)
            default:
                replies.append(request, xid: xid, now: now)
                if let interest = request.interest { watches.add(interest) }
            }
        }
        spare.requests.removeAll(keepingCapacity: true)
        // A lone request is written already.
        guard spare.bytes.readableBytes > 0 else { return }
        context.writeAndFlush(wrapOutboundOut(spare.bytes), promise: nil)
        // Written already, as a rule, so that the storage serves again.
        if spare.bytes.capacity > Self.keptCapacity { spare.bytes = ByteBuffer() } else { spare.bytes.clear() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        heard = .now()
        // What is answered here may have been written by its own task.
        drain()
        parser.append(unwrapInboundIn(data))
        do throws(JuteReader.Malformed) {
            while let frame = try parser.next() {
                guard try receive(JuteReader(frame)) else { return }
            }
        } catch {
            end(LockError(.unavailable, "\(place) does not speak the protocol of ZooKeeper: \(error)"))
        }
    }

    /// - Returns: whether to go on.
    private func receive(_ frame: JuteReader) throws(JuteReader.Malformed) -> Bool {
        var frame = frame
        guard isGreeted else {
            isGreeted = true
            greeting.settle(.success(try ConnectResponse(&frame)))
            return true
        }
        let header = try ReplyHeader(&frame)
        mark.raise(to: header.zxid)
        switch header.xid {
        case ReplyHeader.eventXid: try hear(&frame)
        case ReplyHeader.pingXid:
            guard pings > 0 else { throw JuteReader.Malformed("an answer to a ping that was not sent") }
            pings -= 1
            answered += 1
        case ReplyHeader.authXid:
            guard let request = auths.popFirst() else { throw JuteReader.Malformed("an answer to nothing") }
            answered += 1
            request.settle(.success(Reply(error: header.error, body: frame)))
        default:
            guard let request = replies.take(xid: header.xid) else {
                throw JuteReader.Malformed("an answer with the number \(header.xid), out of turn")
            }
            answered += 1
            return answer(request, Reply(zxid: header.zxid, error: header.error, body: frame))
        }
        return true
    }

    private func answer(_ request: Request, _ reply: Reply) -> Bool {
        // A watch on what is not there is set by one kind of request only.
        if reply.error != 0, let interest = request.interest,
            !(interest.kind == .existence && reply.error == ZooKeeperFault.noNode.rawValue)
        {
            watches.remove(interest)
        }
        request.settle(.success(reply))
        guard reply.error != 0 else { return true }
        let fault = ZooKeeperFault(code: reply.error)
        if fault.endsConnection { end(fault.lockError) }
        return !fault.endsConnection
    }

    private func hear(_ frame: inout JuteReader) throws(JuteReader.Malformed) {
        let code = try frame.int()
        _ = try frame.int()  // the state of the connection, which we know better
        let path = try frame.string()
        guard let event = WatchEvent(code: code) else { return }
        for watch in watches.take(event, path) { watch.fire(event) }
    }

    /// Makes room for requests, once per portion.
    func channelReadComplete(context: ChannelHandlerContext) {
        if answered > 0 { connection?.answered(answered) }
        answered = 0
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(ConnectFailure.explain(error, place))
    }

    /// Closes the connection for a reason; everything that waits is told.
    func end(_ reason: LockError) {
        if failure == nil { failure = reason }
        context?.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        let lost = LockError(.unavailable, "the connection to \(place) ended before the answer came", cause: failure)
        let left = (connection?.close(failure) ?? []) + replies.removeAll() + auths
        auths.removeAll()
        for request in left { request.settle(.failure(lost)) }
        for watch in watches.removeAll() + left.compactMap({ $0.interest?.watch }) { watch.fire(.lost) }
        greeting.settle(.failure(failure ?? Self.wordless(place)))
        self.context = nil
        connection = nil
        context.fireChannelInactive()
    }

    /// What servers do that do not want us.
    private static func wordless(_ place: String) -> LockError {
        LockError(
            .unavailable,
            "\(place) closes the connection without a word: it has no quorum, or starts just now, or lags behind what "
                + "this session has seen, or speaks TLS on this port, or has too many clients (maxClientCnxns)")
    }
}
#endif
