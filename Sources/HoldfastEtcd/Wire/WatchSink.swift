#if Etcd
import Holdfast
import Synchronization

/// Where the events of one watch go, known to the link and to the watch's owner.
final class WatchSink: Sendable {
    private struct State {
        var end: EtcdWatch.End?
        var canceller: (@Sendable () -> Void)?
    }
    let batches: AsyncStream<[Mvccpb_Event]>
    private let continuation: AsyncStream<[Mvccpb_Event]>.Continuation
    private let state = Mutex(State())

    /// - Parameter backlog: batches that may wait for the reader.
    init(backlog: Int) {
        (batches, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(backlog))
    }

    var end: EtcdWatch.End? { state.withLock(\.end) }

    /// What tells the server that nobody listens; called at most once.
    func onCancel(_ cancel: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            if state.end == nil { state.canceller = cancel }
            return state.end != nil
        }
        if isOver { cancel() }
    }

    /// - Returns: whether it was kept.
    func deliver(_ events: [Mvccpb_Event]) -> Bool {
        if case .dropped = continuation.yield(events) { return false }
        return true
    }

    /// The first end counts.
    func finish(_ end: EtcdWatch.End) {
        state.withLock { state in
            if state.end == nil { state.end = end }
            state.canceller = nil
        }
        continuation.finish()
    }

    func cancel() {
        let canceller = state.withLock { state in
            if state.end == nil { state.end = .cancelled }
            defer { state.canceller = nil }
            return state.canceller
        }
        continuation.finish()
        canceller?()
    }
}
#endif
