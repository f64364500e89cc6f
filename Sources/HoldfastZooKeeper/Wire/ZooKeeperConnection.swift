#if ZooKeeper
import Glibc
import Holdfast
import NIOCore
import Synchronization

/// One socket, open: requests from any task go in, in order, and are written in batches.
///
/// Tasks put their bytes under a lock; the first of a batch wakes the event loop, which writes and flushes once. A lone
/// request is written by its own task, where nothing is under way: that saves it a wake-up.
final class ZooKeeperConnection: Sendable {
    /// What tasks have handed over and the event loop has not taken yet.
    struct Outbox {
        var bytes = ByteBuffer()
        var requests: [(request: Request, xid: Int32)] = []
        /// The event loop knows already.
        var isScheduled = false
        var isClosed = false
        /// Why it is closed, where we know.
        var failure: LockError?
        /// Handed over and not answered.
        var pending = 0
        /// The last request's number.
        var xid: Int32 = 0
        /// A duplicate of the channel's, for lone requests; none with TLS.
        var descriptor: OwnedDescriptor?
    }

    let channel: any Channel
    private let outbox: Mutex<Outbox>
    private let handler: NIOLoopBound<ZooKeeperHandler>
    private let bounds: ZooKeeperBounds
    private let tally: RequestTally

    /// On the channel's event loop.
    init(
        channel: any Channel, handler: ZooKeeperHandler, bounds: ZooKeeperBounds, tally: RequestTally,
        descriptor: OwnedDescriptor?
    ) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        self.bounds = bounds
        self.tally = tally
        outbox = Mutex(Outbox(descriptor: descriptor))
        handler.attach(self)
    }

    /// What became of requests that were handed over.
    enum Acceptance { case accepted, full, closed }

    /// Any thread. The rest follow the first at once, with nothing between them.
    func enqueue(_ request: Request, _ rest: [Request] = []) -> Acceptance {
        let (acceptance, wakes) = outbox.withLock { outbox -> (Acceptance, Bool) in
            guard !outbox.isClosed else { return (.closed, false) }
            guard outbox.pending < bounds.pendingRequests else { return (.full, false) }
            let isLone = outbox.pending == 0
            append(request, to: &outbox)
            for request in rest { append(request, to: &outbox) }
            // Everything before is answered, so nothing of it is still to be written.
            if isLone, Self.write(&outbox.bytes, to: outbox.descriptor) { return (.accepted, false) }
            defer { outbox.isScheduled = true }
            return (.accepted, !outbox.isScheduled)
        }
        if wakes { channel.eventLoop.execute { self.handler.value.drain() } }
        return acceptance
    }

    private func append(_ request: Request, to outbox: inout Outbox) {
        let xid: Int32
        switch request.code {
        case .ping: xid = ReplyHeader.pingXid
        case .auth: xid = ReplyHeader.authXid
        default:
            outbox.xid = outbox.xid == .max ? 1 : outbox.xid + 1
            xid = outbox.xid
        }
        outbox.pending += 1
        outbox.requests.append((request, xid))
        outbox.bytes.writeInteger(Int32(4 + request.body.readableBytes))
        outbox.bytes.writeInteger(xid)
        outbox.bytes.writeImmutableBuffer(request.body)
        tally.count(request.code)
    }

    /// Writes what the socket takes; what it does not, and its errors, are the event loop's.
    ///
    /// - Returns: whether that was all.
    private static func write(_ bytes: inout ByteBuffer, to descriptor: OwnedDescriptor?) -> Bool {
        guard let descriptor else { return false }
        let written = bytes.withUnsafeReadableBytes { bytes in
            max(0, send(descriptor.number, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)))
        }
        bytes.moveReaderIndex(forwardBy: written)
        guard bytes.readableBytes == 0 else { return false }
        bytes.clear()
        return true
    }

    /// Waits for the answer; the caller's cancellation ends the wait.
    func reply(to request: Request, isCancellable: Bool = true) async throws(LockError) -> Reply {
        try await request.reply(isCancellable: isCancellable) {
            switch enqueue(request) {
            case .accepted: break
            case .full: request.settle(.failure(bounds.tooManyRequests))
            case .closed:
                request.settle(
                    .failure(LockError(.unavailable, "the connection to ZooKeeper was closed", cause: failure)))
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
            return outbox.requests.map(\.request)
        }
    }

    /// Why it ended, where we know.
    var failure: LockError? { outbox.withLock(\.failure) }

    /// From now on the session lives so long without a word.
    func begin(_ timeout: Duration) { channel.eventLoop.execute { self.handler.value.begin(timeout) } }
}
#endif
