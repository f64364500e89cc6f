package import Holdfast
import Synchronization

/// Who waits for the grants of this client's claims, and what is told to whom does not wait yet.
package final class GrantDesk: Sendable {
    private struct Waiter {
        let ticket: UInt64
        let caller: CheckedContinuation<Result<Grant, LockError>, Never>
    }

    private struct Local {
        var outcome: Result<Grant, LockError>?
        var waiter: Waiter?
    }

    private struct State {
        var claims: [Claim.ID: Local] = [:]
        var tickets: UInt64 = 0
        var waiting = 0
    }

    private let state = Mutex(State())
    /// Rung where somebody begins to wait.
    package let bell = Bell()

    package init() {}

    /// From now on the claim's grant may be told.
    package func open(_ id: Claim.ID) { state.withLock { if $0.claims[id] == nil { $0.claims[id] = Local() } } }

    /// The grant is told to whoever waits, and to whoever asks.
    package func tell(_ id: Claim.ID, _ outcome: Result<Grant, LockError>) {
        let waiter = state.withLock { state -> Waiter? in
            guard let local = state.claims[id] else { return nil }
            state.claims[id] = Local(outcome: outcome)
            if local.waiter != nil { state.waiting -= 1 }
            return local.waiter
        }
        waiter?.caller.resume(returning: outcome)
    }

    /// The claim is gone, and its waiter hears of it.
    package func close(_ id: Claim.ID, _ reason: LockError = GrantDesk.gone) {
        let waiter = state.withLock { state -> Waiter? in
            let waiter = state.claims.removeValue(forKey: id)?.waiter
            if waiter != nil { state.waiting -= 1 }
            return waiter
        }
        waiter?.caller.resume(returning: .failure(reason))
    }

    /// What is known already.
    package func known(_ id: Claim.ID) -> Result<Grant, LockError>? { state.withLock { $0.claims[id]?.outcome } }

    /// The claims that somebody waits for.
    package func awaited() -> [Claim.ID] {
        state.withLock { state in state.claims.filter { $0.value.waiter != nil }.map(\.key) }
    }

    package var hasWaiters: Bool { state.withLock { $0.waiting > 0 } }

    /// Returns when the claim is granted or gone, or the task is cancelled.
    package func wait(for id: Claim.ID) async throws(LockError) -> Grant {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Grant, LockError>, Never>) in
                let answer = state.withLock { state -> Result<Grant, LockError>? in
                    guard let local = state.claims[id] else { return .failure(Self.gone) }
                    if let outcome = local.outcome { return outcome }
                    guard !Task.isCancelled else { return .failure(Self.cancelled) }
                    guard local.waiter == nil else { return .failure(Self.awaited) }
                    state.claims[id]?.waiter = Waiter(ticket: ticket, caller: continuation)
                    state.waiting += 1
                    return nil
                }
                if let answer { continuation.resume(returning: answer) } else { bell.ring() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let waiter = state.claims[id]?.waiter, waiter.ticket == ticket else { return nil }
                state.claims[id]?.waiter = nil
                state.waiting -= 1
                return waiter
            }
            waiter?.caller.resume(returning: .failure(Self.cancelled))
        }
        return try result.get()
    }

    package static let gone = LockError(.leaseLost, "the claim was removed or has expired")
    private static let cancelled = LockError(.cancelled, "the task that waited for the grant was cancelled")
    private static let awaited = LockError(.invalidArgument, "one task already awaits this claim's grant")
}
