import Holdfast

extension SimulatedProcess {
    typealias Operation = SimulationScenario.Operation

    /// Does one operation, and cancels it where the scenario says so.
    func perform(_ operation: Operation) async {
        guard (try? await time.sleep(until: time.now + operation.before)) != nil else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.take(operation) }
            if let delay = operation.cancelAfter {
                group.addTask { try? await self.time.sleep(until: self.time.now + delay) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func take(_ operation: Operation) async {
        let number = recorder.invoke(client: name, parts: operation.parts)
        do {
            switch operation.style {
            case .withLock, .nested:
                try await client.withLock(operation.parts, wait: operation.wait) { lease in
                    try await self.hold(lease, operation, number)
                }
                recorder.record(.released(number, isConfirmed: isCalm))
            case .acquire:
                let owned = try await client.acquire(operation.parts, wait: operation.wait)
                try? await hold(owned.lease, operation, number)
                try await owned.release()
                recorder.record(.released(number, isConfirmed: true))
            case .tryAcquire:
                guard let owned = try await client.tryAcquire(operation.parts) else {
                    return recorder.record(.fail(number, reason: "busy"))
                }
                try? await hold(owned.lease, operation, number)
                try await owned.release()
                recorder.record(.released(number, isConfirmed: true))
            case .dropped:
                let owned = try await client.acquire(operation.parts, wait: operation.wait)
                try? await hold(owned.lease, operation, number)
                _ = consume owned
                recorder.record(.released(number, isConfirmed: false))
            }
        } catch let error as LockError where error.code == .leaseLost {
            recorder.record(.lost(number, reason: "\(error.code)"))
        } catch {
            recorder.record(.info(number, reason: (error as? LockError)?.code.description ?? "cancelled"))
        }
    }

    /// Works under a lock, and writes down what its holder believes.
    func hold(_ lease: Lease, _ operation: Operation, _ number: Int) async throws {
        recorder.record(.ok(number, claim: lease.id, token: lease.token, deadline: deadline(of: lease)))
        defer {
            observe(lease, number)
            recorder.record(.releasing(number))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                guard let loss = await lease.whenLost() else { return }
                self.recorder.record(.lost(number, reason: loss.rawValue))
            }
            group.addTask { try await self.toil(lease, operation, number) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func toil(_ lease: Lease, _ operation: Operation, _ number: Int) async throws {
        // Renewed later, refused, or lost: whichever, the observations below say what the holder believes.
        if let life = operation.extendsTo { try? await lease.extend(for: life) }
        for step in operation.steps {
            try await time.sleep(until: time.now + step)
            observe(lease, number)
        }
        guard operation.style == .nested else { return }
        try await nest(operation)
    }

    /// A nested claim of the same owner on the same keys must not wait for itself.
    private func nest(_ operation: Operation) async throws {
        do {
            try await client.withLock(operation.parts, options: LockOptions(reentrant: true)) { _ in }
            try await client.withLock(operation.parts, wait: .forever) { _ in }
        } catch let error as LockError where error.code == .wouldDeadlock {
            return
        }
    }

    private func observe(_ lease: Lease, _ number: Int) {
        let deadline = deadline(of: lease)
        recorder.record(
            .observed(number, isHeld: lease.isHeld, token: lease.token, deadline: deadline))
    }

    /// The holder's own deadline, on the time of the history.
    private func deadline(of lease: Lease) -> Duration {
        let remaining = lease.remaining
        return recorder.now + (remaining > .zero ? clock.baseDuration(remaining) : .nanoseconds(-1))
    }
}
