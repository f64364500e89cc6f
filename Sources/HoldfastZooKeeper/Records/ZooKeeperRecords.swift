#if ZooKeeper
import Holdfast
import Synchronization

/// Versioned records as persistent nodes.
///
/// Each verb is one request, or several in one write. A second round trip is needed where a folder is made, and where
/// what is met has outlived its life.
struct ZooKeeperRecords: RecordStore {
    let backend: ZooKeeperBackend

    init(_ backend: ZooKeeperBackend) { self.backend = backend }

    var bounds: RecordBounds { backend.bounds.records }

    func read(_ key: LockKey) async throws(LockError) -> Record? {
        let path = RecordPath(key, backend.codec)
        use()
        return try await perform { session throws(ZooKeeperError) in
            for _ in 0..<bounds.attemptsLimit {
                guard let found = try await current(path, session) else { return nil }
                guard try await isOver(found, path, session) else {
                    return Record(value: found.value, version: found.mark.version)
                }
                // Who is told that there is none may rely on it: no write that expects this one will be done.
                if try await delete(found.mark, path, session) { return nil }
            }
            throw Self.contended
        }
    }

    func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite {
        guard value.count <= Record.valueBytesLimit else {
            throw LockError(
                .invalidArgument, "a record has at most \(Record.valueBytesLimit) bytes; this one has \(value.count)",
                key: key)
        }
        let path = RecordPath(key, backend.codec)
        guard let expected else {
            use(isCreated: timeToLive != nil)
            return try await perform { session throws(ZooKeeperError) in
                for _ in 0..<bounds.attemptsLimit {
                    if let write = try await create(value, timeToLive, path, session) { return write }
                }
                throw Self.contended
            }
        }
        use()
        guard let mark = RecordMark(expected) else { return .conflict }
        return try await perform { session throws(ZooKeeperError) in
            try await replace(mark, value, timeToLive, path, session)
        }
    }

    func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
        use()
        guard let mark = RecordMark(expected) else { return false }
        let path = RecordPath(key, backend.codec)
        return try await perform { session throws(ZooKeeperError) in try await delete(mark, path, session) }
    }

    private func use(isCreated: Bool = false) {
        let now = backend.roster.time.now
        let (isDue, isForced) = backend.recordBook.withLock { $0.use(isCreated: isCreated, now: now, bounds) }
        if isDue { backend.beginSweep(isForced: isForced) }
    }

    /// In a session of this client, whichever; nothing was done where that is found to be lost.
    private func perform<R: Sendable>(
        _ body: (ZooKeeperSession) async throws(ZooKeeperError) -> R
    ) async throws(LockError) -> R {
        do throws(ZooKeeperError) {
            for _ in 0..<bounds.attemptsLimit {
                let (life, session) = try await backend.anySession()
                defer { backend.lives.release([life]) }
                do throws(ZooKeeperError) {
                    return try await body(session)
                } catch {
                    guard error.fault == .sessionExpired else { throw error }
                    backend.lost(life)
                }
            }
            throw .failed(LockError(.unavailable, "the client's session with ZooKeeper was lost again and again"))
        } catch {
            throw error.lockError
        }
    }

    static let contended = ZooKeeperError.failed(
        LockError(.unavailable, "a record in ZooKeeper was changed by others again and again"))
}
#endif
