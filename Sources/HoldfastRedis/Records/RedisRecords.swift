#if Redis
import Holdfast

/// Records on the server: a string each, `<version> <value>`; beside it the last version, for when it is gone.
struct RedisRecords: RecordStore {
    let backend: RedisBackend

    func read(_ key: LockKey) async throws(LockError) -> Record? {
        let names = try names(of: key)
        switch try await backend.link.send(RedisCommand("GET", names.record)) {
        case .null: return nil
        case .error(let text): throw RedisBackend.failure(text)
        case .bulk(let bytes):
            let head = bytes.prefix(Record.Version.bytesLimit + 1)
            guard let end = head.firstIndex(of: UInt8(ascii: " ")) else { throw Self.foreign(names, key) }
            let version = Record.Version(String(decoding: bytes[..<end], as: UTF8.self))
            return Record(value: Array(bytes[(end + 1)...]), version: version)
        default: throw RedisBackend.unexpected
        }
    }

    func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite {
        let names = try names(of: key)
        guard value.count <= Record.valueBytesLimit else {
            throw LockError(
                .limitExceeded, "a record has at most \(Record.valueBytesLimit) bytes, not \(value.count)", key: key)
        }
        let (reply, isDurable) = try await backend.callDurably(
            backend.scripts.writeRecord, keys: RecordNames.count, arguments: 3
        ) { written in
            written.append(names.record)
            written.append(names.version)
            written.append(expected.map { "=\($0)" } ?? "")
            written.append(timeToLive.map(Self.wholeMilliseconds) ?? 0)
            written.append(value)
        }
        if reply == .integer(0) { return .conflict }
        guard let version = reply.text else { throw RedisBackend.unexpected }
        guard isDurable else { throw Self.tooFewReplicas(key) }
        return .written(Record.Version(version))
    }

    func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
        let names = try names(of: key)
        let (reply, isDurable) = try await backend.callDurably(
            backend.scripts.deleteRecord, keys: RecordNames.count, arguments: 1
        ) { written in
            written.append(names.record)
            written.append(names.version)
            written.append(expected.description)
        }
        guard reply == .integer(1) else { return false }
        guard isDurable else { throw Self.tooFewReplicas(key) }
        return true
    }

    private func names(of key: LockKey) throws(LockError) -> RecordNames {
        // Of the names that are encoded only the prefix can have a brace.
        try backend.requireOneSlot(backend.codec.prefix)
        return backend.codec.names(ofRecord: key)
    }

    /// No less than was asked for.
    private static func wholeMilliseconds(_ duration: Duration) -> Int64 {
        RedisBackend.milliseconds(duration + .nanoseconds(999_999))
    }

    private static func tooFewReplicas(_ key: LockKey) -> LockError {
        LockError(
            .unavailable, "fewer replicas than asked for have what was written: a failover may undo it", key: key)
    }

    private static func foreign(_ names: RecordNames, _ key: LockKey) -> LockError {
        LockError(.storeUnusable, "\(names.record) is no record of Holdfast: choose another prefix", key: key)
    }
}
#endif
