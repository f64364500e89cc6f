import Synchronization

extension LockClient {
    /// Runs `body` one at a time, and not again once its success is recorded.
    ///
    /// A later caller gets the recorded result by one read, without the lock. Else `body` runs under the lock of `key`
    /// as in ``withLock(_:mode:wait:options:_:)``; its result is recorded before the lock is released. Where it
    /// throws, is cancelled by the loss of the lock, or its process dies, nothing is recorded: the next caller runs it.
    /// Five round trips for the one that runs.
    ///
    /// **At least once**, not exactly once: a crash between what the body did and the record of it lets it run again.
    /// Exactly once is only to be had where the body commits its effect and the key in one transaction of the resource.
    ///
    /// - Parameters:
    ///   - key: of the lock and of the record: 1 to ``Record/keyBytesLimit`` bytes of UTF-8 without control characters.
    ///   - retention: how long the result is kept, 1 s to 10 years; a week by default. Then it may run again.
    ///   - wait: what to do while another caller runs the body; waits for ever by default.
    ///   - options: of the lock.
    ///   - body: what it returns without throwing counts as a success: where it was cancelled, it must throw. Its value
    ///     is JSON of at most 64 KiB.
    /// - Returns: the recorded result, the same for all callers. Where a lost lock let two bodies run, it is that of
    ///   the one recorded first, and both calls say ``OnceResult/ranNow``.
    /// - Throws: what `body` throws; `CancellationError` where the task was cancelled before the body ran; else
    ///   ``LockError``: as `withLock`: ``LockError/Code/busy`` and ``LockError/Code/timedOut`` where another caller
    ///   runs it, ``LockError/Code/leaseLost`` where the lock was lost before the body had ended. After the body,
    ///   ``LockError/Code/unavailable``, or another code, whose message says that the body ran and may run again.
    ///   ``LockError/Code/unsupported`` where the backend keeps no records.
    public func once<Value: Codable & Sendable>(
        _ key: LockKey, retention: Duration = .seconds(7 * 24 * 3600), wait: Wait = .forever,
        options: LockOptions = LockOptions(), _ body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> OnceResult<Value> {
        do {
            let record = try await OnceRecord<Value>(self, key, retention: retention)
            if let value = try await lookFirst(record) { return OnceResult(value: value, ranNow: false) }
            return try await runOnce(key, record, wait, options, body)
        } catch let error as LockError where error.code == .cancelled {
            throw CancellationError()
        }
    }

    /// Forgets a recorded success, so that the next caller of ``once(_:retention:wait:options:_:)`` runs its body.
    ///
    /// Two round trips.
    ///
    /// - Returns: whether there was one.
    /// - Throws: as ``Records/delete(_:)``.
    @discardableResult
    public func forgetOnce(_ key: LockKey) async throws -> Bool { try await deleteRecord(.once, key) }

    /// Where the store does not answer, the lock is waited for as the caller says; under it all is read again.
    private func lookFirst<Value>(_ record: OnceRecord<Value>) async throws(LockError) -> Value? {
        do throws(LockError) {
            return try await record.look()
        } catch {
            guard error.code == .unavailable else { throw error }
            return nil
        }
    }

    private func runOnce<Value: Codable & Sendable>(
        _ key: LockKey, _ record: OnceRecord<Value>, _ wait: Wait, _ options: LockOptions,
        _ body: @escaping @Sendable (Lease) async throws -> Value
    ) async throws -> OnceResult<Value> {
        let known = Known<Value>()
        do {
            return try await withLock(key, wait: wait, options: options) { lease in
                if let value = try await record.read() { return known.set(OnceResult(value: value, ranNow: false)) }
                let value = try await body(lease)
                // What a body makes of its cancellation is no success.
                guard lease.isHeld else { throw Self.notHeld(lease.state) }
                return known.set(OnceResult(value: try await record.write(value, token: lease.token), ranNow: true))
            }
        } catch let error as LockError {
            switch error.code {
            // It was lost after that, and takes nothing back.
            case .leaseLost:
                guard let result = known.result else { throw error }
                return result
            case .busy, .timedOut:
                // Who ran it may have ended, and not yet have released the lock. If this fails too, the first error
                // says more.
                guard let value = try? await record.look() else { throw error }
                return OnceResult(value: value, ranNow: false)
            default: throw error
            }
        }
    }

    /// What stands in the store, whatever becomes of the lock.
    private final class Known<Value: Sendable>: Sendable {
        private let stored = Mutex<OnceResult<Value>?>(nil)

        var result: OnceResult<Value>? { stored.withLock { $0 } }

        func set(_ result: OnceResult<Value>) -> OnceResult<Value> {
            stored.withLock { $0 = result }
            return result
        }
    }
}
