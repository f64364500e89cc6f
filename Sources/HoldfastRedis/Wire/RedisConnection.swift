#if Redis
import Holdfast
import NIOCore
import Synchronization

/// One socket, open: requests from any task go in, in order, and are written in batches.
///
/// Tasks put their bytes under a lock; the first of a batch wakes the event loop, which writes and flushes once.
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
    }

    let channel: any Channel
    private let outbox = Mutex(Outbox())
    private let handler: NIOLoopBound<RedisHandler>
    private let bounds: LinkBounds

    /// On the channel's event loop.
    init(channel: any Channel, handler: RedisHandler, bounds: LinkBounds) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        self.bounds = bounds
        handler.attach(self)
    }

    /// What became of a request that was handed over.
    enum Acceptance { case accepted, full, closed }

    /// Any thread.
    func enqueue(_ request: Request) -> Acceptance {
        let (acceptance, wakes) = outbox.withLock { outbox -> (Acceptance, Bool) in
            guard !outbox.isClosed else { return (.closed, false) }
            guard outbox.pending < bounds.pendingRequests else { return (.full, false) }
            outbox.pending += 1
            outbox.bytes.writeImmutableBuffer(request.bytes)
            outbox.requests.append(request)
            defer { outbox.isScheduled = true }
            return (.accepted, !outbox.isScheduled)
        }
        if wakes { channel.eventLoop.execute { self.handler.value.drain() } }
        return acceptance
    }

    /// Waits for the answer; the caller's cancellation ends the wait where `isCancellable`.
    func outcome(of request: Request, isCancellable: Bool = true) async -> Request.Outcome {
        let start = {
            switch self.enqueue(request) {
            case .accepted: break
            case .full: request.settle(.failure(self.bounds.tooManyRequests))
            case .closed:
                request.settle(
                    .failure(
                        LockError(.unavailable, "the connection to Redis was closed", cause: self.failure)))
            }
        }
        return isCancellable ? await request.cancellableOutcome(start: start) : await request.outcome(start: start)
    }

    /// On the event loop: everything that is to be written, and the emptied storage of the last batch in exchange.
    func take(_ spare: inout Outbox) {
        outbox.withLock { outbox in
            swap(&outbox.bytes, &spare.bytes)
            swap(&outbox.requests, &spare.requests)
            outbox.isScheduled = false
        }
    }

    /// On the event loop: so many requests wait no longer.
    func answered(_ count: Int) { outbox.withLock { $0.pending -= count } }

    /// On the event loop, at the end: what was not written.
    func close(_ failure: LockError?) -> [Request] {
        outbox.withLock { outbox in
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
