#if Etcd
import Holdfast
import NIOCore
import SwiftProtobuf
import Synchronization

/// All watches of one connection, on one stream.
///
/// The server answers requests for watches in their order; that is how an answer finds its request.
final class WatchBook: StreamReceiver {
    typealias Created = (id: Int64, revision: Int64)

    private struct Pending {
        let waiter: Waiter<Created>
        let sink: WatchSink
        let deadline: NIODeadline
    }
    private struct State {
        var stream: EtcdStream?
        var pending = CircularBuffer<Pending>()
        var sinks: [Int64: WatchSink] = [:]
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

    /// Watches that the server has.
    var count: Int { state.withLock(\.sinks.count) }

    /// Returns when the server has made the watch.
    func create(
        _ request: Etcdserverpb_WatchCreateRequest, until deadline: NIODeadline
    ) async throws(LockError) -> EtcdWatch {
        let sink = WatchSink(backlog: bounds.watchBacklog)
        let waiter = Waiter<Created>()
        let message = try MessageCodec.framed(Etcdserverpb_WatchRequest.with { $0.createRequest = request })
        let outcome = await waiter.cancellableOutcome {
            send(message, Pending(waiter: waiter, sink: sink, deadline: deadline))
        }
        let created = try outcome.get()
        return EtcdWatch(revision: created.revision, sink: sink)
    }

    private func send(_ message: ByteBuffer, _ pending: Pending) {
        let refusal: LockError? = state.withLock { state in
            guard state.sinks.count + state.pending.count < bounds.watches else {
                return LockError(.limitExceeded, "\(bounds.watches) watches on etcd already")
            }
            // Within the lock, so that the order here is the order on the wire.
            let stream = state.stream ?? EtcdStream(.watch, self)
            if state.stream == nil {
                guard connection.enqueue(.open(stream)) else { return gone }
                state.stream = stream
            }
            guard connection.enqueue(.send(stream, message)) else { return gone }
            state.pending.append(pending)
            return nil
        }
        if let refusal { pending.waiter.settle(.failure(refusal)) } else { counter.add { $0.watchesCreated += 1 } }
    }

    private var gone: LockError {
        LockError(.unavailable, "the connection to etcd was lost", cause: connection.failure)
    }

    /// Gives up the stream and all that is on it; the next watch opens another.
    func leave(_ reason: LockError) {
        let stream = state.withLock(\.stream)
        guard let stream else { return }
        connection.enqueue(.close(stream))
        ended(stream, reason)
    }

    private func cancel(_ id: Int64, on stream: EtcdStream) {
        let isOurs = state.withLock { state in
            guard state.stream === stream else { return false }
            return state.sinks.removeValue(forKey: id) != nil
        }
        if isOurs { tellCancelled(id, on: stream) }
    }

    private func tellCancelled(_ id: Int64, on stream: EtcdStream) {
        let request = Etcdserverpb_WatchRequest.with { $0.cancelRequest = .with { $0.watchID = id } }
        guard let message = try? MessageCodec.framed(request) else { return }
        connection.enqueue(.send(stream, message))
        counter.add { $0.watchesCancelled += 1 }
    }

    // MARK: On the event loop

    func receive(_ message: ByteBuffer, on stream: EtcdStream) {
        let answer: Etcdserverpb_WatchResponse
        do throws(LockError) {
            answer = try MessageCodec.message(message)
        } catch {
            connection.enqueue(.close(stream))
            return ended(stream, error)
        }
        if answer.created { return created(answer, on: stream) }
        let sink = state.withLock { state in
            answer.canceled || answer.compactRevision != 0
                ? state.sinks.removeValue(forKey: answer.watchID) : state.sinks[answer.watchID]
        }
        guard let sink else { return }
        if !answer.events.isEmpty, !sink.deliver(answer.events) {
            sink.finish(.overflowed)
            cancel(answer.watchID, on: stream)
        }
        if answer.compactRevision != 0 {
            sink.finish(.compacted(answer.compactRevision))
        } else if answer.canceled {
            sink.finish(.refused(Self.refusal(answer)))
        }
    }

    private func created(_ answer: Etcdserverpb_WatchResponse, on stream: EtcdStream) {
        let id = answer.watchID
        let pending = state.withLock { state -> Pending? in
            let pending = state.pending.popFirst()
            if !answer.canceled, let pending { state.sinks[id] = pending.sink }
            return pending
        }
        guard let pending else { return }
        if answer.canceled {
            pending.waiter.settle(.failure(Self.refusal(answer)))
            return
        }
        pending.sink.onCancel { [weak self] in self?.cancel(id, on: stream) }
        // Nobody waits any more.
        if !pending.waiter.settle(.success((id, answer.header.revision))) { pending.sink.cancel() }
    }

    private static func refusal(_ answer: Etcdserverpb_WatchResponse) -> LockError {
        let text = answer.cancelReason.isEmpty ? "a watch was cancelled" : answer.cancelReason
        return EtcdFault.error(for: .init(status: EtcdFault.unavailable, text: text))
    }

    func ended(_ stream: EtcdStream, _ reason: LockError) {
        let (pending, sinks) = state.withLock { state in
            guard state.stream === stream else { return (CircularBuffer<Pending>(), [WatchSink]()) }
            defer { state = State() }
            return (state.pending, Array(state.sinks.values))
        }
        for pending in pending { pending.waiter.settle(.failure(reason)) }
        for sink in sinks { sink.finish(.lost(reason)) }
    }

    func look(_ now: NIODeadline, on stream: EtcdStream) -> LockError? {
        let (late, first) = state.withLock { state in
            (state.pending.filter { $0.deadline <= now }, state.pending.first?.deadline)
        }
        let error = LockError(.unavailable, "etcd did not make a watch in time")
        for pending in late { pending.waiter.settle(.failure(error)) }
        guard let first, first + TimeAmount(bounds.silence) <= now else { return nil }
        return LockError(.unavailable, "etcd makes no watches: the stream is given up")
    }
}
#endif
