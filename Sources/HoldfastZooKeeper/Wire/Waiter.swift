#if ZooKeeper
import Holdfast
import Synchronization

/// One task that waits for one outcome, which anybody may settle; the first wins.
final class Waiter<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, LockError>

    private enum State {
        case new
        case waiting(CheckedContinuation<Outcome, Never>)
        case settled(Outcome?)
    }
    private let state = Mutex(State.new)

    /// Nobody waits any more.
    var isSettled: Bool {
        state.withLock { state in
            if case .settled = state { true } else { false }
        }
    }

    /// - Returns: whether this was the first.
    @discardableResult
    func settle(_ outcome: Outcome) -> Bool {
        let (isFirst, waiter) = state.withLock { state -> (Bool, CheckedContinuation<Outcome, Never>?) in
            switch state {
            case .new:
                state = .settled(outcome)
                return (true, nil)
            case .waiting(let waiter):
                state = .settled(nil)
                return (true, waiter)
            case .settled: return (false, nil)
            }
        }
        waiter?.resume(returning: outcome)
        return isFirst
    }

    /// Calls `start`, which leads to `settle`, and waits until then.
    func outcome(start: () -> Void) async -> Outcome {
        await withCheckedContinuation { continuation in
            let early: Outcome? = state.withLock { state in
                if case .settled(let outcome) = state { return outcome }
                state = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) } else { start() }
        }
    }

    /// The same, and returns at once where the task is cancelled.
    func cancellableOutcome(start: () -> Void) async -> Outcome {
        await withTaskCancellationHandler {
            await outcome(start: start)
        } onCancel: {
            _ = settle(.failure(LockError(.cancelled, "the task was cancelled before ZooKeeper had answered")))
        }
    }
}
#endif
