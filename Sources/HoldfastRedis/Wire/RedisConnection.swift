#if Redis
import Glibc
import Holdfast
import NIOCore
import Synchronization

/// One socket, open: requests from any task go in, in order, and are written in batches.
///
/// Tasks put their bytes under a lock; the first of a batch wakes the event loop, which writes and flushes once. A lone
/// request is written by its own task, where nothing is under way: that saves it a wake-up.
final class RedisConnection: Sendable {
    /// What tasks have handed over and the event loop has not taken yet.
    struct Outbox {
        var bytes = ByteBuffer()
        var requests: [Request] = []
        /// The event loop knows already.
        var isScheduled = false
        var isClosed = false
        /// Why it is closed, where we know.
        var failure: LockError?
        /// Handed over and not answered.
        var pending = 0
        /// A duplicate of the channel's, for lone requests; none with TLS.
        var descriptor: OwnedDescriptor?
    }

    let channel: any Channel
    private let outbox: Mutex<Outbox>
    private let handler: NIOLoopBound<RedisHandler>
    private let bounds: LinkBounds

    /// On the channel's event loop.
    init(channel: any Channel, handler: RedisHandler, bounds: LinkBounds, descriptor: OwnedDescriptor?) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        self.bounds = bounds
        outbox = Mutex(Outbox(descriptor: descriptor))
        handler.attach(self)
    }

    /// What became of a request that was handed over.
    enum Acceptance { case accepted, full, closed }

    /// Any thread.
    func enqueue(_ request: Request) -> Acceptance {
        let (acceptance, wakes) = outbox.withLock { outbox -> (Acceptance, Bool) in
            guard !outbox.isClosed else { return (.closed, false) }
            guard outbox.pending < bounds.pendingRequests else { return (.full, false) }
            // Everything before is answered, so nothing of it is still to be written.
            let written = outbox.pending == 0 ? Self.write(request.bytes, to: outbox.descriptor) : 0
            outbox.pending += 1
            outbox.requests.append(request)
            guard written < request.bytes.readableBytes else { return (.accepted, false) }
            var rest = request.bytes
            rest.moveReaderIndex(forwardBy: written)
            outbox.bytes.writeImmutableBuffer(rest)
            defer { outbox.isScheduled = true }
            return (.accepted, !outbox.isScheduled)
        }
        if wakes { channel.eventLoop.execute { self.handler.value.drain() } }
        return acceptance
    }

    /// Writes what the socket takes; what it does not, and its errors, are the event loop's.
    private static func write(_ bytes: ByteBuffer, to descriptor: OwnedDescriptor?) -> Int {
        guard let descriptor else { return 0 }
        return bytes.withUnsafeReadableBytes { bytes in
            max(0, send(descriptor.number, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)))
        }
    }

    /// Waits for the answer; the caller's cancellation ends the wait.
    func reply(to request: Request) async throws(LockError) -> Request.Reply {
        try await request.reply(isCancellable: true) {
            guard request.waiter.handOn() else { return }
            switch enqueue(request) {
            case .accepted: break
            case .full: request.settle(.failure(bounds.tooManyRequests))
            case .closed:
                request.settle(
                    .failure(LockError(.unavailable, "the connection to Redis was closed", cause: failure)))
            }
        }
    }

    /// On the event loop: everything that is new, and the emptied storage of the last batch in exchange.
    func take(_ spare: inout Outbox) {
        outbox.withLock { outbox in
            swap(&outbox.bytes, &spare.bytes)
            swap(&outbox.requests, &spare.requests)
            outbox.isScheduled = false
        }
    }

    /// On the event loop: so many requests wait no longer.
    func answered(_ count: Int) { outbox.withLock { $0.pending -= count } }

    /// At the end: what the event loop has not taken.
    func close(_ failure: LockError?) -> [Request] {
        outbox.withLock { outbox in
            outbox.descriptor = nil
            outbox.isClosed = true
            outbox.failure = failure
            defer { outbox.requests = [] }
            return outbox.requests
        }
    }

    /// Why it ended, where we know.
    var failure: LockError? { outbox.withLock(\.failure) }
}
#endif
