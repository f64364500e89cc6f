/// The record of one key's success: reads it, and writes it under the lock.
package struct OnceRecord<Value: Codable & Sendable>: Sendable {
    /// What stands in the store. The token says whose it is.
    private struct Entry: Codable {
        let token: String
        let value: Value
    }

    private let client: LockClient
    private let store: any RecordStore
    private let key: LockKey
    private let name: LockKey
    private let retention: Duration

    /// - Throws: ``LockError/Code/unsupported``, ``LockError/Code/invalidKey``, ``LockError/Code/invalidArgument``,
    ///   ``LockError/Code/notRunning``.
    package init(_ client: LockClient, _ key: LockKey, retention: Duration) async throws(LockError) {
        try Record.validate(timeToLive: retention)
        (store, name) = try await client.reachRecord(.once, key)
        self.client = client
        self.key = key
        self.retention = retention
    }

    /// What was recorded; tries for a while where the store does not answer. Linearizable; one round trip.
    package func read() async throws(LockError) -> Value? {
        var failures = 0
        while true {
            do throws(LockError) {
                return try await look()
            } catch {
                failures += 1
                guard error.code == .unavailable, failures < OnceLimits.readFailures else { throw error }
                try await rest(failures)
            }
        }
    }

    /// What was recorded, by one request.
    package func look() async throws(LockError) -> Value? {
        guard let record = try await store.read(name) else { return nil }
        return try entry(of: record).value
    }

    /// Records a success of the lock's holder, unless another was recorded. Deaf to cancellation. One round trip.
    ///
    /// A write whose answer is lost is sent again. Where that finds a record, the token says whether it is ours.
    ///
    /// - Returns: what stands recorded: where a successor was first, its value.
    /// - Throws: where it is not known to be recorded: the body ran, and may run again.
    package func write(_ value: Value, token: FencingToken) async throws(LockError) -> Value {
        do throws(LockError) {
            let bytes = try RecordCoding.encode(Entry(token: "\(token)", value: value), for: key)
            guard let outcome = await client.shielded({ await self.write(bytes) }) else {
                throw LockError(.notRunning, "the client stopped")
            }
            guard let record = try outcome.get() else { return value }
            let entry = try entry(of: record)
            return entry.token == "\(token)" ? value : entry.value
        } catch {
            throw LockError(
                error.code == .cancelled ? .unavailable : error.code,
                "the body ran, but that is not known to be recorded: it may run again", key: key, cause: error)
        }
    }

    /// - Returns: the record that was there already; `nil` where it was written.
    private func write(_ bytes: [UInt8]) async -> Result<Record?, LockError> {
        var failures = 0
        while true {
            do throws(LockError) {
                if try await store.write(bytes, to: name, expecting: nil, timeToLive: retention) != .conflict {
                    return .success(nil)
                }
                if let record = try await store.read(name) { return .success(record) }
                // Its life was over in between.
            } catch {
                guard error.code == .unavailable, failures + 1 < OnceLimits.writeFailures else {
                    return .failure(error)
                }
            }
            failures += 1
            guard failures < OnceLimits.writeFailures else {
                return .failure(LockError(.conflict, "others record and delete all the time"))
            }
            do throws(LockError) { try await rest(failures) } catch { return .failure(error) }
        }
    }

    private func entry(of record: Record) throws(LockError) -> Entry {
        try RecordCoding.decode(record.value, for: key)
    }

    private func rest(_ failures: Int) async throws(LockError) {
        do {
            try await client.time.sleep(until: client.time.now + client.jitter(LockClient.backoff(failures)))
        } catch {
            throw LockError(.cancelled, "the task was cancelled", cause: error)
        }
    }
}

/// How often the store may fail to answer.
enum OnceLimits {
    static let readFailures = 5
    /// The body has run: more is at stake. Pauses of 6 s in all.
    static let writeFailures = 8
}
