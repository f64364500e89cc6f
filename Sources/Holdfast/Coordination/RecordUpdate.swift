/// Performs one optimistic update as its machine says.
struct RecordUpdate {
    private let client: LockClient
    private let store: any RecordStore
    private let key: LockKey
    private let name: LockKey
    private let timeToLive: Duration?
    private let options: UpdateOptions
    private var machine: UpdateMachine
    /// What is to be written, or deleted where the bytes are `nil`.
    private var change: (bytes: [UInt8]?, expected: Record.Version?) = (nil, nil)

    private init(
        _ client: LockClient, _ kind: RecordKind, _ key: LockKey, timeToLive: Duration?, options: UpdateOptions
    ) async throws(LockError) {
        try options.validate()
        try Record.validate(timeToLive: timeToLive)
        (store, name) = try await client.reachRecord(kind, key)
        self.client = client
        self.key = key
        self.timeToLive = timeToLive
        self.options = options
        machine = UpdateMachine(options)
    }

    /// - Parameter compute: the new value from the old; `nil` is none.
    static func run(
        _ client: LockClient, _ kind: RecordKind, _ key: LockKey, timeToLive: Duration? = nil,
        options: UpdateOptions = UpdateOptions(), _ compute: ([UInt8]?) async throws -> [UInt8]?
    ) async throws {
        do {
            var update = try await RecordUpdate(client, kind, key, timeToLive: timeToLive, options: options)
            try await update.run(compute)
        } catch let error as LockError {
            guard error.code != .cancelled else { throw CancellationError() }
            var error = error
            error.key = error.key ?? key
            throw error
        }
    }

    private mutating func run(_ compute: ([UInt8]?) async throws -> [UInt8]?) async throws {
        guard try await !isDone(compute) else { return }
        // Only to have fewer conflicts: where it is lost, the versions protect all the same.
        guard let owned = try await lock() else {
            machine.locked()
            _ = try await isDone(compute)
            return
        }
        machine.locked()
        do {
            _ = try await isDone(compute)
        } catch {
            await release(owned)
            throw error
        }
        await release(owned)
    }

    /// - Returns: `false` where the lock is to be taken.
    private mutating func isDone(_ compute: ([UInt8]?) async throws -> [UInt8]?) async throws -> Bool {
        while true {
            switch machine.next {
            case .lock: return false
            case .read(let pause):
                try await rest(pause)
                guard let record = try await read() else { continue }
                change = (try await compute(record?.value), record?.version)
                if change.bytes == nil, change.expected == nil { return true }
                machine.computed()
            case .write(let pause):
                try await rest(pause)
                if try await write() { return true }
            }
        }
    }

    /// - Returns: `nil` where the machine says what follows.
    private mutating func read() async throws(LockError) -> Record?? {
        do throws(LockError) {
            return .some(try await store.read(name))
        } catch {
            try machine.readFailed(error)
            return nil
        }
    }

    /// - Returns: whether the change is made; where not, the machine says what follows.
    private mutating func write() async throws(LockError) -> Bool {
        let isMade: Bool
        do throws(LockError) {
            if let bytes = change.bytes {
                let outcome = try await store.write(
                    bytes, to: name, expecting: change.expected, timeToLive: timeToLive)
                isMade = outcome != .conflict
            } else if let expected = change.expected {
                isMade = try await store.delete(name, expecting: expected)
            } else {
                isMade = true
            }
        } catch {
            try machine.writeFailed(error)
            return false
        }
        if !isMade { try machine.conflicted() }
        return isMade
    }

    private func rest(_ pause: Duration) async throws {
        guard pause > .zero else { return try Task.checkCancellation() }
        try await client.time.sleep(until: client.time.now + client.jitter(pause))
    }

    /// - Returns: `nil` where this task tree has it already.
    private func lock() async throws(LockError) -> OwnedLease? {
        do throws(LockError) {
            return try await client.acquire(key, wait: options.lockWait)
        } catch {
            guard error.code == .wouldDeadlock else { throw error }
            return nil
        }
    }

    private func release(_ owned: consuming OwnedLease) async {
        // Lost or not confirmed, the update stands: the client goes on removing the claim.
        try? await owned.release()
    }
}

extension Record {
    static func validate(timeToLive: Duration?) throws(LockError) {
        guard let timeToLive, !timeToLiveRange.contains(timeToLive) else { return }
        throw LockError(
            .invalidArgument,
            "a record lives for \(timeToLiveRange.lowerBound) to \(timeToLiveRange.upperBound); "
                + "\(timeToLive) was asked for")
    }
}

extension LockClient {
    /// A record's store and its name there, once the client runs.
    func reachRecord(_ kind: RecordKind, _ key: LockKey) async throws(LockError) -> (any RecordStore, LockKey) {
        let place = (try recordStore(), try kind.name(key))
        // Until the last lock is released, the backend answers: a body that holds one may end its work.
        if !isStopping { try await ensureRunning() }
        return place
    }
}
