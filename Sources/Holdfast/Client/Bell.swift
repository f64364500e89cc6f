import Synchronization

/// Wakes one waiting task. A ring that nobody waits for is kept for the next wait.
package final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    package init() {}

    package func ring() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            state.isRung = state.waiter == nil
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when the bell was rung, or the task is cancelled.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    guard !state.isRung, !Task.isCancelled else {
                        state.isRung = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
    }

    /// Returns when the bell was rung, when it is `until`, or when the task is cancelled.
    package func wait(until: Duration?, on time: Timekeeper) async {
        guard let until else { return await wait() }
        await withTaskGroup(of: Void.self) { group in
            // A cancelled sleep is a sleep that is over.
            group.addTask { try? await time.sleep(until: until) }
            group.addTask { await self.wait() }
            await group.next()
            group.cancelAll()
        }
    }
}
