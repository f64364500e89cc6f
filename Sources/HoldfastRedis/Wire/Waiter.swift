#if Redis
import Holdfast
import Synchronization

/// One task that waits for one outcome, which anybody may settle; the first wins.
final class Waiter<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, LockError>

    private enum Stage {
        case new
        case waiting(CheckedContinuation<Outcome, Never>)
        case settled(Outcome?)
    }
    private struct State {
        var stage = Stage.new
        var isHandedOn = false
    }
    private let state = Mutex(State())

    /// From now on the server may hear of what is waited for.
    ///
    /// - Returns: `false` where nobody waits any more: then it must not.
    func handOn() -> Bool {
        state.withLock { state in
            if case .settled = state.stage { return false }
            state.isHandedOn = true
            return true
        }
    }

    /// - Returns: whether this was the first.
    @discardableResult
    func settle(_ outcome: Outcome) -> Bool { settle { _ in outcome } }

    /// - Parameter outcome: of whether it was handed on.
    private func settle(_ outcome: (Bool) -> Outcome) -> Bool {
        let outcome = state.withLock { state -> (Outcome, CheckedContinuation<Outcome, Never>?)? in
            let outcome = outcome(state.isHandedOn)
            switch state.stage {
            case .new:
                state.stage = .settled(outcome)
                return (outcome, nil)
            case .waiting(let waiter):
                state.stage = .settled(nil)
                return (outcome, waiter)
            case .settled: return nil
            }
        }
        guard let (outcome, waiter) = outcome else { return false }
        waiter?.resume(returning: outcome)
        return true
    }

    /// Calls `start`, which leads to `settle`, and waits until then.
    func outcome(start: () -> Void) async -> Outcome {
        await withCheckedContinuation { continuation in
            let early: Outcome? = state.withLock { state in
                if case .settled(let outcome) = state.stage { return outcome }
                state.stage = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) } else { start() }
        }
    }

    /// The same, and returns at once where the task is cancelled.
    ///
    /// - Parameter isHandedOn: whether ``handOn()`` is called before the server can hear of it: what was not handed on
    ///   was never sent.
    func cancellableOutcome(isHandedOn: Bool = false, start: () -> Void) async -> Outcome {
        await withTaskCancellationHandler {
            await outcome(start: start)
        } onCancel: {
            _ = settle { wasHandedOn in
                let cause = isHandedOn && !wasHandedOn ? NeverSent(nil) : nil
                return .failure(LockError(.cancelled, "the task was cancelled before Redis had answered", cause: cause))
            }
        }
    }
}
#endif
