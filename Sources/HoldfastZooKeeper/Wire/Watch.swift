#if ZooKeeper
import Synchronization

/// Waits for one event of one node. Keep it as long as the event matters: without its object it is over.
final class Watch: Sendable {
    private enum State {
        case waiting
        case heard(@Sendable (WatchEvent) -> Void)
        case fired(WatchEvent)
    }
    private let state = Mutex(State.waiting)

    deinit { cancel() }

    /// Awaits the event; the task's cancellation ends the watch. One task only, and not with ``whenFired(_:)``.
    func event() async -> WatchEvent {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in whenFired { continuation.resume(returning: $0) } }
        } onCancel: {
            cancel()
        }
    }

    /// Calls `body` once: at once where it has fired, else where the event arrives, on the event loop: be quick.
    func whenFired(_ body: @escaping @Sendable (WatchEvent) -> Void) {
        let event: WatchEvent? = state.withLock { state in
            if case .fired(let event) = state { return event }
            state = .heard(body)
            return nil
        }
        if let event { body(event) }
    }

    /// It is of no interest any more: who waits for it hears `cancelled`.
    func cancel() { fire(.cancelled) }

    var isOver: Bool {
        state.withLock { state in
            if case .fired = state { true } else { false }
        }
    }

    func fire(_ event: WatchEvent) {
        let listener: (@Sendable (WatchEvent) -> Void)? = state.withLock { state in
            switch state {
            case .fired: return nil
            case .waiting:
                state = .fired(event)
                return nil
            case .heard(let listener):
                state = .fired(event)
                return listener
            }
        }
        listener?(event)
    }
}
#endif
