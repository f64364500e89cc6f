/// What a record is of: users' own and those of this library never share a name.
enum RecordKind: String, Sendable {
    case user = "u"
    case once = "o"
    case election = "e"
    case semaphore = "s"
    case latch = "l"
    case barrier = "b"
    case waits = "w"

    /// The name in the store: `u/profile/42`.
    func name(_ key: LockKey) throws(LockError) -> LockKey {
        try key.validate()
        guard key.text.utf8.count <= Record.keyBytesLimit else {
            throw LockError(
                .invalidKey,
                "a record's key has at most \(Record.keyBytesLimit) bytes of UTF-8; this one has \(key.text.utf8.count)"
            )
        }
        return LockKey(unchecked: rawValue + "/" + key.text)
    }
}

extension LockClient {
    /// The door: this backend's records, or why there are none.
    func recordStore() throws(LockError) -> any RecordStore {
        guard let records = backend.records else {
            throw capabilities.unsupported("keeps no records beside its claims")
        }
        return records
    }
}
