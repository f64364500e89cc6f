#if Etcd
import Holdfast
import NIOCore
import NIOHTTP2

/// The end of a channel's pipeline: writes batches, matches answers with calls. Lives on the event loop.
///
/// It works on frames, without a channel per call: that is what makes a call cheap.
final class GRPCHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    struct Setup: Sendable {
        let bounds: EtcdBounds
        /// Where the server is, for messages.
        let place: String
        let authority: String
        let isSecure: Bool
        /// Whether another member could answer what this one does not.
        let hasAlternatives: Bool
        let counter: EtcdCounter
    }

    let setup: Setup
    var bounds: EtcdBounds { setup.bounds }
    /// A cycle, until the channel is closed.
    var connection: EtcdConnection?
    var retirement: EventLoopPromise<Void>?
    var context: ChannelHandlerContext?
    private var headers: CallHeaders
    private var spare: [EtcdConnection.Order] = []

    var exchanges: [HTTP2StreamID: Exchange] = [:]
    /// Streams that are open, by themselves.
    var open: [ObjectIdentifier: HTTP2StreamID] = [:]
    /// Calls beyond the bound of those under way.
    var queued = CircularBuffer<UnaryCall>()
    var calls = 0
    private var nextNumber: Int32 = 1
    /// Calls that wait no longer, since the outbox was told.
    var answered = 0
    var connectionUnacknowledged = 0

    /// Takes no more calls.
    var isRetired = false
    var retiredAt = NIODeadline.distantFuture
    /// Kept when the server has said its settings.
    private(set) var ready: EventLoopPromise<Void>?
    /// The server has said its settings.
    var isReady = false
    /// Why the connection ends, where we know.
    var failure: LockError?
    /// The channel is closed.
    private(set) var isFinished = false

    var timer: Scheduled<Void>?
    var heard = NIODeadline.now()
    /// The server has said more than answers to our questions since the last.
    var hasSpoken = true
    var asked: NIODeadline?
    var lastAsked = NIODeadline.distantPast
    var lastAnswer = NIODeadline.now()
    var hasTimedOut = false

    init(_ setup: Setup) {
        self.setup = setup
        headers = CallHeaders(
            authority: setup.authority, isSecure: setup.isSecure, token: nil, timeout: setup.bounds.requestTimeout)
    }

    func attach(_ connection: EtcdConnection, _ retirement: EventLoopPromise<Void>) {
        self.connection = connection
        self.retirement = retirement
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        ready = context.eventLoop.makePromise()
    }

    func channelActive(context: ChannelHandlerContext) {
        look()
        context.fireChannelActive()
    }

    // MARK: Writing

    /// Takes all that tasks have handed over, and writes it.
    func drain() {
        guard let connection, let context else { return }
        connection.take(&spare)
        guard !spare.isEmpty else { return }
        for order in spare { perform(order) }
        spare.removeAll(keepingCapacity: true)
        context.flush()
    }

    func perform(_ order: EtcdConnection.Order) {
        switch order {
        case .call(let call): begin(call)
        case .open(let stream):
            guard !isRetired else { return stream.receiver.ended(stream, lost) }
            open[ObjectIdentifier(stream)] = write(headersOf: stream.method, .stream(stream))
            setup.counter.add { $0.streamsOpened += 1 }
        case .send(let stream, let message):
            guard let number = open[ObjectIdentifier(stream)] else { return }
            write(.data(.init(data: .byteBuffer(message))), number)
        case .close(let stream): reset(stream)
        case .token(let token):
            headers = CallHeaders(
                authority: setup.authority, isSecure: setup.isSecure, token: token, timeout: bounds.requestTimeout)
        case .retire(let reason): retire(reason)
        }
    }

    private func begin(_ call: UnaryCall) {
        guard !isRetired else { return settle(call, .success(.unsent)) }
        guard calls < bounds.streams else { return queued.append(call) }
        // Cancelled already.
        guard !call.waiter.isSettled else { return settle(call, .success(.unsent)) }
        calls += 1
        let number = write(headersOf: call.method, .call(call))
        write(.data(.init(data: .byteBuffer(call.message), endStream: true)), number)
        setup.counter.add { $0.unary[call.method, default: 0] += 1 }
    }

    /// After a call has ended.
    func beginQueued() {
        while calls < bounds.streams, let call = queued.popFirst() { begin(call) }
    }

    private func write(headersOf method: EtcdMethod, _ kind: Exchange.Kind) -> HTTP2StreamID {
        let number = HTTP2StreamID(nextNumber)
        nextNumber += 2
        if nextNumber > bounds.streamNumbers { retire(nil) }
        exchanges[number] = Exchange(kind, limit: bounds.messageBytes)
        write(.headers(.init(headers: headers[method])), number)
        return number
    }

    func write(_ payload: HTTP2Frame.FramePayload, _ number: HTTP2StreamID) {
        context?.write(wrapOutboundOut(HTTP2Frame(streamID: number, payload: payload)), promise: nil)
    }

    // MARK: Ends

    /// Settles a call that is not under way, or not any more.
    func settle(_ call: UnaryCall, _ outcome: Waiter<UnaryCall.Reply>.Outcome) {
        answered += 1
        call.waiter.settle(outcome)
    }

    private func reset(_ stream: EtcdStream) {
        guard let number = open.removeValue(forKey: ObjectIdentifier(stream)) else { return }
        exchanges[number] = nil
        write(.rstStream(.cancel), number)
    }

    /// Takes no more calls; what is under way may end.
    func retire(_ reason: LockError?) {
        guard !isRetired else { return }
        isRetired = true
        retiredAt = .now()
        if failure == nil { failure = reason }
        for order in connection?.close(reason) ?? [] { perform(order) }
        for call in queued { settle(call, .success(.unsent)) }
        queued.removeAll()
        retirement?.succeed()
    }

    /// Closes the connection for a reason; everything that waits is told.
    func end(_ reason: LockError) {
        if failure == nil { failure = reason }
        context?.close(promise: nil)
    }

    var lost: LockError {
        LockError(.unavailable, "the connection to \(setup.place) ended before the answer came", cause: failure)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A message that came late for a call that we gave up is nobody's error.
        if error is NIOHTTP2Errors.NoSuchStream || error is NIOHTTP2Errors.StreamClosed { return }
        end(ConnectFailure.explain(error, setup.place))
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish()
        context.fireChannelInactive()
    }

    /// Alone where the channel never became active.
    func handlerRemoved(context: ChannelHandlerContext) { finish() }

    private func finish() {
        guard !isFinished else { return }
        isFinished = true
        timer?.cancel()
        retire(failure)
        let lost = lost
        for exchange in exchanges.values {
            switch exchange.kind {
            case .call(let call): settle(call, .failure(lost))
            case .stream(let stream): stream.receiver.ended(stream, lost)
            }
        }
        exchanges = [:]
        open = [:]
        if !isReady { ready?.fail(failure ?? LockError(.unavailable, "\(setup.place) closed the connection")) }
        context = nil
        connection = nil
    }
}
#endif
