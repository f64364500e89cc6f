#if Etcd
import Holdfast
import NIOCore
import Synchronization

/// One socket, open: orders from any task go in, in order, and are written in batches.
///
/// Tasks put them under a lock; the first of a batch wakes the event loop, which writes all and flushes once.
final class EtcdConnection: Sendable {
    enum Order: Sendable {
        case call(UnaryCall)
        case open(EtcdStream)
        case send(EtcdStream, ByteBuffer)
        /// Neither side hears of it any more.
        case close(EtcdStream)
        /// What authenticates later calls.
        case token(String?)
        /// To be left; what is under way goes on for a while.
        case retire(LockError)
    }

    /// What tasks have handed over and the event loop has not taken yet.
    struct Outbox {
        var orders: [Order] = []
        /// The event loop knows already.
        var isScheduled = false
        var isClosed = false
        /// Why it is closed, where we know.
        var failure: LockError?
        /// Calls handed over and not answered.
        var pending = 0
    }

    let channel: any Channel
    /// Succeeds when the connection takes no more calls: it is closed, or on its way.
    let retired: EventLoopFuture<Void>
    private let outbox = Mutex(Outbox())
    private let handler: NIOLoopBound<GRPCHandler>
    private let bounds: EtcdBounds

    /// On the channel's event loop.
    init(channel: any Channel, handler: GRPCHandler, bounds: EtcdBounds) {
        self.channel = channel
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
        self.bounds = bounds
        let retirement = channel.eventLoop.makePromise(of: Void.self)
        retired = retirement.futureResult
        handler.attach(self, retirement)
    }

    /// Any thread. A call that is not taken is settled.
    func enqueue(_ call: UnaryCall) {
        enum Acceptance { case accepted(wakes: Bool), full, closed }
        let acceptance: Acceptance = outbox.withLock { outbox in
            guard !outbox.isClosed else { return .closed }
            guard outbox.pending < bounds.pendingRequests else { return .full }
            outbox.pending += 1
            outbox.orders.append(.call(call))
            defer { outbox.isScheduled = true }
            return .accepted(wakes: !outbox.isScheduled)
        }
        switch acceptance {
        case .accepted(let wakes): if wakes { wake() }
        case .full: call.waiter.settle(.failure(bounds.tooManyRequests))
        case .closed: call.waiter.settle(.success(.unsent))
        }
    }

    /// Any thread.
    ///
    /// - Returns: whether the connection takes it.
    @discardableResult
    func enqueue(_ order: Order) -> Bool {
        let (isTaken, wakes) = outbox.withLock { outbox in
            guard !outbox.isClosed else { return (false, false) }
            outbox.orders.append(order)
            defer { outbox.isScheduled = true }
            return (true, !outbox.isScheduled)
        }
        if wakes { wake() }
        return isTaken
    }

    private func wake() { channel.eventLoop.execute { self.handler.value.drain() } }

    /// Waits for the answer; the caller's cancellation ends the wait.
    func reply(to call: UnaryCall, isCancellable: Bool = true) async throws(LockError) -> UnaryCall.Reply {
        try await call.reply(isCancellable: isCancellable) { enqueue(call) }
    }

    /// On the event loop: everything that is new, and the emptied storage of the last batch in exchange.
    func take(_ spare: inout [Order]) {
        outbox.withLock { outbox in
            swap(&outbox.orders, &spare)
            outbox.isScheduled = false
        }
    }

    /// On the event loop: so many calls wait no longer.
    func answered(_ count: Int) { outbox.withLock { $0.pending -= count } }

    /// On the event loop: takes no more.
    ///
    /// - Returns: what the event loop has not taken.
    func close(_ failure: LockError?) -> [Order] {
        outbox.withLock { outbox in
            outbox.isClosed = true
            if outbox.failure == nil { outbox.failure = failure }
            defer { outbox.orders = [] }
            return outbox.orders
        }
    }

    /// It takes no more.
    var isClosed: Bool { outbox.withLock(\.isClosed) }
    /// Why it ended, where we know.
    var failure: LockError? { outbox.withLock(\.failure) }
}
#endif
