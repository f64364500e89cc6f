import Logging
import Tracing

extension LockClient {
    /// Runs `body` while a lock on one key is held.
    ///
    /// Where the lock is lost, the body's task is cancelled, and ``LockError/Code/leaseLost`` is thrown when it has
    /// ended. The lock is released when the body has ended, deaf to cancellation. Two round trips where the key is
    /// free.
    ///
    /// Nested calls share their owner: a nested reader rides on its reader; a nested claim that its own task tree
    /// blocks throws ``LockError/Code/wouldDeadlock`` at once, unless `options.reentrant` lets it enter.
    ///
    /// - Parameters:
    ///   - key: 1 to 512 bytes of UTF-8 without control characters.
    ///   - mode: exclusive by default.
    ///   - wait: what to do where another claim blocks the key; waits for ever by default.
    ///   - options: what differs from the client's configuration.
    ///   - body: the critical section. Carry `lease.token` to what it protects.
    /// - Throws: what the body throws; `CancellationError` where the task was cancelled before it had the lock; else
    ///   ``LockError``: as ``acquire(_:mode:wait:options:)``, and ``LockError/Code/leaseLost`` with the body's own
    ///   error as its cause.
    public func withLock<R: Sendable>(
        _ key: LockKey, mode: LockMode = .exclusive, wait: Wait = .forever, options: LockOptions = LockOptions(),
        _ body: @escaping @Sendable (Lease) async throws -> R
    ) async throws -> R {
        try await withLock([Claim.Part(key, mode)], wait: wait, options: options, body)
    }

    /// Runs `body` while a lock on several keys is held, taken at one point in the order: free of deadlock.
    ///
    /// - Parameters:
    ///   - parts: 1 to 64 keys, each with its mode, in any order.
    ///   - wait: what to do where another claim blocks a key; waits for ever by default.
    ///   - options: what differs from the client's configuration.
    ///   - body: the critical section. Carry `lease.token` to what it protects.
    /// - Throws: as ``withLock(_:mode:wait:options:_:)``.
    public func withLock<R: Sendable>(
        _ parts: [Claim.Part], wait: Wait = .forever, options: LockOptions = LockOptions(),
        _ body: @escaping @Sendable (Lease) async throws -> R
    ) async throws -> R {
        let nesting = try nesting(of: parts, reentrant: options.reentrant)
        if case .rides(let scope, let isReader) = nesting { return try await ride(on: scope, isReader, body) }
        let state: LeaseState
        do throws(LockError) {
            if case .onlyIfFree = nesting {
                state = try await obtainNested(parts, options)
            } else {
                state = try await obtainTraced(plan(parts, wait: wait, options: options))
            }
        } catch {
            guard error.code != .cancelled else { throw CancellationError() }
            throw error
        }
        let scope = HeldScope(state: state, client: self, parent: HeldScope.current)
        let result = await guarded(state, scope, body)
        if let minHold = options.minHold, keep(state, forAtLeast: minHold) { return try result.get() }
        do throws(LockError) {
            try await release(state)
        } catch {
            guard error.code != .leaseLost else { throw lost(error, in: result) }
            observation.logger.warning(
                "lock release not confirmed yet", metadata: observation.metadata(state, ["lock.error": "\(error)"]))
        }
        return try result.get()
    }

    /// Runs the body in a child task, so that the loss of the lock can cancel it.
    private func guarded<R: Sendable>(
        _ state: LeaseState, _ scope: HeldScope, _ body: @escaping @Sendable (Lease) async throws -> R
    ) async -> Result<R, any Error> {
        await withTaskGroup(of: Result<R, any Error>.self) { group in
            group.addTask {
                defer { state.nudge() }
                return await self.run(body, Lease(state: state, client: self), in: scope)
            }
            await state.changed(from: .held)
            if state.loss != nil { group.cancelAll() }
            return await group.next() ?? .failure(CancellationError())
        }
    }

    func run<R: Sendable>(
        _ body: @escaping @Sendable (Lease) async throws -> R, _ lease: Lease, in scope: HeldScope
    ) async -> Result<R, any Error> {
        do {
            guard let tracer = observation.tracer else {
                return .success(try await HeldScope.$current.withValue(scope) { try await body(lease) })
            }
            return .success(
                try await tracer.withSpan("holdfast.hold") { span in
                    span.attributes["lock.key"] = lease.key.text
                    span.attributes["lock.token"] = lease.token.rawValue
                    return try await HeldScope.$current.withValue(scope) { try await body(lease) }
                })
        } catch {
            return .failure(error)
        }
    }

    /// Waiting shows as a span of its own, beside that of the hold.
    private func obtainTraced(_ plan: Plan) async throws(LockError) -> LeaseState {
        guard let tracer = observation.tracer else { return try await obtain(plan) }
        let span = tracer.startSpan("holdfast.acquire")
        defer { span.end() }
        span.attributes["lock.key"] = plan.parts.mainKey?.text
        do throws(LockError) {
            return try await obtain(plan)
        } catch {
            span.recordError(error)
            throw error
        }
    }

    /// Runs the body under a claim that an enclosing `withLock` of the same task tree holds.
    private func ride<R: Sendable>(
        on held: HeldScope, _ isReader: Bool, _ body: @escaping @Sendable (Lease) async throws -> R
    ) async throws -> R {
        let state = held.state
        let entry = isReader ? held.entry : try state.enter(from: held)
        defer { if !isReader { state.leave(entry) } }
        let scope = HeldScope(state: state, client: self, entry: entry, parent: HeldScope.current)
        let result = await run(body, Lease(state: state, client: self), in: scope)
        guard state.remaining(now: time.now) > .zero else { throw lost(Self.notHeld(state), in: result) }
        return try result.get()
    }

    func lost<R>(_ error: LockError, in result: Result<R, any Error>) -> LockError {
        var error = error
        if case .failure(let cause) = result { error.cause = cause }
        return error
    }
}
