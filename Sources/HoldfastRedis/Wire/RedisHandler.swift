#if Redis
import Holdfast
import NIOCore

/// The end of a channel's pipeline: writes batches, matches answers with requests. Lives on the event loop.
final class RedisHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Set before the channel is active. A cycle, until it is closed.
    private var connection: RedisConnection?
    /// Version 2: pushes come as arrays, on a socket that has nothing else.
    var takesArraysForPushes = false

    /// A batch buffer larger than this is given back.
    private static let keptCapacity = 1_048_576

    private let bounds: LinkBounds
    private let place: String
    private let onPush: @Sendable ([RESPValue]) -> Void
    private var context: ChannelHandlerContext?
    private var parser: RESPParser
    private var replies = ReplyQueue()
    private var spare = RedisConnection.Outbox()
    private var answered = 0
    private var heard = NIODeadline.now()
    private var timer: Scheduled<Void>?
    /// Why the connection ends, where we know.
    private var failure: LockError?

    /// - Parameter place: where the server is, for messages.
    init(bounds: LinkBounds, place: String, onPush: @escaping @Sendable ([RESPValue]) -> Void) {
        self.bounds = bounds
        self.place = place
        self.onPush = onPush
        parser = RESPParser(bounds: bounds.parser)
    }

    func attach(_ connection: RedisConnection) { self.connection = connection }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        watch()
        context.fireChannelActive()
    }

    /// Takes all that tasks have handed over, and writes what is not written yet.
    func drain() {
        guard let connection, let context else { return }
        connection.take(&spare)
        guard !spare.requests.isEmpty else { return }
        let now = NIODeadline.now()
        for request in spare.requests { replies.append(request, now: now) }
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
        do {
            while let value = try parser.next() {
                guard receive(value) else { return }
            }
        } catch {
            end(LockError(.unavailable, "\(place) does not speak the protocol of Redis: \(error)"))
        }
    }

    /// - Returns: whether to go on.
    private func receive(_ value: RESPValue) -> Bool {
        var reason: LockError?
        if case .error(let text) = value, ServerFault.endsConnection(text) { reason = ServerFault.anyError(for: text) }
        // A server that has no room says so before it is asked.
        if reason == nil || !replies.isEmpty {
            switch replies.receive(asPush(value) ?? value) {
            case .none: break
            case .push(let elements): onPush(elements)
            case .settle(let request, let reply):
                answered += 1
                request.settle(.success(reply))
            case .violation(let what):
                reason = LockError(.unavailable, "\(place) does not speak the protocol of Redis: \(what)")
            }
        }
        if let reason { end(reason) }
        return reason == nil
    }

    /// Makes room for requests, once per portion.
    func channelReadComplete(context: ChannelHandlerContext) {
        if answered > 0 { connection?.answered(answered) }
        answered = 0
        context.fireChannelReadComplete()
    }

    private func asPush(_ value: RESPValue) -> RESPValue? {
        guard takesArraysForPushes, case .array(let elements) = value, let kind = elements.first?.text,
            kind == "message" || kind.hasSuffix("subscribe")
        else { return nil }
        return .push(elements)
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
        let lost = LockError(
            .unavailable, "the connection to \(place) ended before the answer came", cause: failure)
        for request in replies.removeAll() + (connection?.close(failure) ?? []) { request.settle(.failure(lost)) }
        self.context = nil
        connection = nil
        context.fireChannelInactive()
    }
}

/// Time.
extension RedisHandler {
    /// One timer for everything: for the next time-out, else for the next look at an idle connection.
    private func watch() {
        drain()
        guard let context else { return }
        let now = NIODeadline.now()
        for request in replies.expire(now: now) {
            request.settle(
                .failure(LockError(.unavailable, "\(place) did not answer in time; whether it was done is unknown")))
        }
        if let oldest = replies.oldest, oldest + bounds.silence <= now {
            end(LockError(.unavailable, "\(place) has not answered for too long: it hangs, or the network is cut"))
            return
        }
        if replies.isEmpty, heard + bounds.idle <= now {
            // Through the outbox like all others, or it would change places with one of them.
            _ = connection?.enqueue(Request(RedisCommand("PING"), deadline: now + bounds.requestTimeout))
        }
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: nextLook(now)) { self.watch() }
    }

    private func nextLook(_ now: NIODeadline) -> NIODeadline {
        let look = now + .nanoseconds(min(bounds.requestTimeout, bounds.idle).nanoseconds / 4)
        return min(replies.nextDeadline ?? look, look)
    }
}
#endif
