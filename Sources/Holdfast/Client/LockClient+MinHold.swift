import Logging

extension LockClient {
    /// Has `run()` release a lock, whose body has ended, when it was held for long enough.
    ///
    /// - Returns: `false` where it was, or where it is lost.
    func keep(_ state: LeaseState, forAtLeast minHold: Duration) -> Bool {
        let now = time.now
        let rest = state.update { core in
            core.machine.isHeld && now < core.machine.deadline ? minHold - core.machine.held(now: now) : .zero
        }
        guard rest > .zero else { return false }
        backgroundWork.add(
            BackgroundWork.Job(
                perform: { await self.release(state, at: now + rest) }, drop: { self.abandon(state) }))
        return true
    }

    private func release(_ state: LeaseState, at until: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            // A cancelled sleep is a sleep that is over.
            group.addTask { try? await self.time.sleep(until: until) }
            // Whoever asks for it need not wait.
            group.addTask { _ = await state.whenOver() }
            await group.next()
            group.cancelAll()
        }
        do throws(LockError) {
            try await release(state)
        } catch {
            observation.logger.warning(
                "lock not kept or not released as it should be",
                metadata: observation.metadata(state, ["lock.error": "\(error)"]))
        }
    }
}
