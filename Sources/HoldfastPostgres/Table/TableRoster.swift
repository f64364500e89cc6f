#if Postgres
import Holdfast
import Synchronization

/// What is known here of this backend's claims, and who waits for their grants.
final class TableRoster: Sendable {
    struct Waiter {
        let ticket: UInt64
        let caller: CheckedContinuation<Result<Grant, LockError>, Never>
    }

    fileprivate struct Local {
        /// Handed over, and not told yet: it needs no other look.
        var news: Grant?
        var waiter: Waiter?
        /// Placed here, and not removed.
        var isOurs = false
    }

    fileprivate struct State {
        var claims: [Claim.ID: Local] = [:]
        var tickets: UInt64 = 0
        var waiting = 0
    }

    private let state = Mutex(State())
    /// Rung where somebody begins to wait.
    let bell = Bell()

    /// Before a place is sent: its grant may be told before its answer.
    func placing(_ id: Claim.ID) { state.withLock { $0.claims[id, default: Local()].isOurs = true } }

    func granted(_ id: Claim.ID, _ grant: Grant) {
        let waiter = state.withLock { state -> Waiter? in
            guard let local = state.claims[id] else { return nil }
            guard let waiter = local.waiter else {
                state.claims[id]?.news = grant
                return nil
            }
            state.drop(id)
            return waiter
        }
        waiter?.caller.resume(returning: .success(grant))
    }

    func gone(_ id: Claim.ID) {
        let waiter = state.withLock { state -> Waiter? in
            let waiter = state.claims[id]?.waiter
            if waiter != nil { state.waiting -= 1 }
            state.claims[id] = nil
            return waiter
        }
        waiter?.caller.resume(returning: .failure(Self.gone))
    }

    /// A grant that nobody was told yet.
    func news(of id: Claim.ID) -> Grant? {
        state.withLock { state in
            guard let news = state.claims[id]?.news else { return nil }
            state.claims[id]?.news = nil
            return news
        }
    }

    /// The claims that somebody waits for.
    func awaited() -> [Claim.ID] {
        state.withLock { state in state.claims.filter { $0.value.waiter != nil }.map(\.key) }
    }

    var hasWaiters: Bool { state.withLock { $0.waiting > 0 } }

    /// Returns when the claim is granted or gone, or the task is cancelled.
    func wait(for id: Claim.ID) async throws(LockError) -> Grant {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Grant, LockError>, Never>) in
                let answer = state.withLock { state -> Result<Grant, LockError>? in
                    if let news = state.claims[id]?.news {
                        state.claims[id]?.news = nil
                        return .success(news)
                    }
                    guard !Task.isCancelled else { return .failure(Self.cancelled) }
                    guard state.claims[id]?.waiter == nil else { return .failure(Self.awaited) }
                    state.claims[id, default: Local()].waiter = Waiter(ticket: ticket, caller: continuation)
                    state.waiting += 1
                    return nil
                }
                if let answer { continuation.resume(returning: answer) } else { bell.ring() }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let waiter = state.claims[id]?.waiter, waiter.ticket == ticket else { return nil }
                state.drop(id)
                return waiter
            }
            waiter?.caller.resume(returning: .failure(Self.cancelled))
        }
        return try result.get()
    }

    private static let gone = LockError(.leaseLost, "the claim was removed or has expired")
    private static let cancelled = LockError(.cancelled, "the task that waited for the grant was cancelled")
    private static let awaited = LockError(.invalidArgument, "one task already awaits this claim's grant")
}

extension TableRoster.State {
    /// The waiter leaves; the claim stays known where it is ours.
    fileprivate mutating func drop(_ id: Claim.ID) {
        guard let local = claims[id], local.waiter != nil else { return }
        waiting -= 1
        if local.isOurs { claims[id]?.waiter = nil } else { claims[id] = nil }
    }
}
#endif
