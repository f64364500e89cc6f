extension LockClient {
    /// Waits until the claim is held, can no longer be relied on, or the caller's patience or task ends.
    func awaitGrant(_ state: LeaseState, _ watched: WatchedWait?) async {
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                if let watched { group.addTask { await self.watch(watched) } }
                // Given none, an optimized build would leave the executor that this task prefers.
                if let executor = self.backend.executor {
                    group.addTask(executorPreference: executor) { await self.follow(state) }
                } else {
                    group.addTask { await self.follow(state) }
                }
                await state.changed(from: .waiting)
                group.cancelAll()
            }
        } onCancel: {
            state.nudge()
        }
        if let watched { await unpublish(watched) }
    }

    /// Brings the backend's grant to the state. What the backend pushes is a hint: a failure is tried again.
    private func follow(_ state: LeaseState) async {
        var failures = 0
        while !Task.isCancelled {
            do throws(LockError) {
                let grant = try await backend.grant(of: state.claim.id)
                return state.accept(grant, now: time.now, isPlacement: false)
            } catch {
                switch error.code {
                case .cancelled: return
                case .leaseLost: return state.update { $0.waitEvent = $0.machine.gone() }
                case .unavailable: failures += 1
                default: return state.fail(error)
                }
            }
            // A cancelled sleep ends the loop above.
            try? await time.sleep(until: time.now + jitter(Self.backoff(failures)))
        }
    }
}
