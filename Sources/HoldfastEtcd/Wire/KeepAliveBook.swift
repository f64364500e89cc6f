#if Etcd
import Holdfast
import NIOCore
import SwiftProtobuf
import Synchronization

/// The renewals of all leases of one connection, on one stream.
///
/// The server answers in order. An answer names its lease and not its request: so each waits in line, and one that came
/// too late for its caller is still its own, and moves no other's deadline.
final class KeepAliveBook: StreamReceiver {
    private struct Pending {
        let lease: Int64
        let waiter: Waiter<Int64>
        let deadline: NIODeadline
    }
    private struct State {
        var stream: EtcdStream?
        var pending = CircularBuffer<Pending>()
    }
    private let connection: EtcdConnection
    private let bounds: EtcdBounds
    private let counter: EtcdCounter
    private let state = Mutex(State())

    init(connection: EtcdConnection, bounds: EtcdBounds, counter: EtcdCounter) {
        self.connection = connection
        self.bounds = bounds
        self.counter = counter
    }

    /// - Returns: the time to live that the server says, in seconds.
    func renew(_ lease: Int64, until deadline: NIODeadline, isCancellable: Bool) async throws(LockError) -> Int64 {
        let waiter = Waiter<Int64>()
        let message = try MessageCodec.framed(Etcdserverpb_LeaseKeepAliveRequest.with { $0.id = lease })
        let start = { self.send(message, Pending(lease: lease, waiter: waiter, deadline: deadline)) }
        let outcome = isCancellable ? await waiter.cancellableOutcome(start: start) : await waiter.outcome(start: start)
        return try outcome.get()
    }

    private func send(_ message: ByteBuffer, _ pending: Pending) {
        let refusal: LockError? = state.withLock { state in
            guard state.pending.count < bounds.pendingRequests else { return bounds.tooManyRequests }
            // Within the lock, so that the order here is the order on the wire.
            let stream = state.stream ?? EtcdStream(.leaseKeepAlive, self)
            if state.stream == nil {
                guard connection.enqueue(.open(stream)) else { return gone }
                state.stream = stream
            }
            guard connection.enqueue(.send(stream, message)) else { return gone }
            state.pending.append(pending)
            return nil
        }
        if let refusal { pending.waiter.settle(.failure(refusal)) } else { counter.add { $0.keepAlives += 1 } }
    }

    private var gone: LockError {
        LockError(.unavailable, "the connection to etcd was lost", cause: connection.failure)
    }

    // MARK: On the event loop

    func receive(_ message: ByteBuffer, on stream: EtcdStream) {
        let pending = state.withLock { $0.stream === stream ? $0.pending.popFirst() : nil }
        do throws(LockError) {
            let answer: Etcdserverpb_LeaseKeepAliveResponse = try MessageCodec.message(message)
            guard let pending, pending.lease == answer.id else { throw Self.outOfStep }
            pending.waiter.settle(.success(answer.ttl))
        } catch {
            // First, so that nobody who is told of it comes back to this stream.
            connection.enqueue(.close(stream))
            ended(stream, error)
            pending?.waiter.settle(.failure(error))
        }
    }

    private static let outOfStep = LockError(.unavailable, "etcd answered another renewal than was asked for")

    func ended(_ stream: EtcdStream, _ reason: LockError) {
        let pending = state.withLock { state in
            guard state.stream === stream else { return CircularBuffer<Pending>() }
            defer { state = State() }
            return state.pending
        }
        for pending in pending { pending.waiter.settle(.failure(reason)) }
    }

    func look(_ now: NIODeadline, on stream: EtcdStream) -> LockError? {
        let (late, first) = state.withLock { state in
            (state.pending.filter { $0.deadline <= now }, state.pending.first?.deadline)
        }
        let error = LockError(.unavailable, "etcd did not renew a lease in time")
        for pending in late { pending.waiter.settle(.failure(error)) }
        guard let first, first + TimeAmount(bounds.silence) <= now else { return nil }
        return LockError(.unavailable, "etcd renews no leases: the stream is given up")
    }
}
#endif
