#if Etcd
import Holdfast

/// How locks become keys in the store, and back.
///
/// All claims on a lock stand under its stem, `<prefix><name>/`. What Holdfast keeps beside them stands under
/// `<prefix>%…/`, with a slash at the end: no name is encoded like that, and in raw names it is nobody's claim either.
struct NameCodec: Sendable {
    let prefix: [UInt8]
    let names: EtcdConfiguration.Names

    private static let slash = UInt8(ascii: "/")

    init(prefix: String, names: EtcdConfiguration.Names) {
        self.prefix = Array(prefix.utf8)
        self.names = names
    }

    /// What all keys of a lock begin with.
    func stem(of key: LockKey) -> [UInt8] { start(key.text) + [Self.slash] }

    /// What the stems of all locks begin with whose keys begin with `text`.
    func start(_ text: String) -> [UInt8] { prefix + (names == .raw ? Array(text.utf8) : KeyText.encoded(text)) }

    /// One claim's key: peers' have a lease's number there.
    static func claimKey(_ stem: [UInt8], _ id: Claim.ID) -> [UInt8] { stem + Array(id.description.utf8) }

    /// A claim that must not be placed any more.
    func tombstone(of id: Claim.ID) -> [UInt8] { prefix + Array("%gone/\(id)/".utf8) }

    /// Where the claims of one client are asked for.
    func mailbox(_ client: String) -> [UInt8] { prefix + Array("%ask/\(client)/".utf8) }

    func mark(of id: Claim.ID, for client: String) -> [UInt8] { mailbox(client) + Array("\(id)/".utf8) }

    /// Where a record stands: its name is encoded whatever the locks' names are.
    func record(_ key: LockKey) -> [UInt8] { records + KeyText.encoded(key.text) + [Self.slash] }

    var marks: [UInt8] { prefix + Array("%ask/".utf8) }
    var tombstones: [UInt8] { prefix + Array("%gone/".utf8) }
    var records: [UInt8] { prefix + Array("%record/".utf8) }

    /// Where the keys are that begin with `start`, past the records: those are large, and no claim.
    func ranges(from start: [UInt8]) -> [(start: [UInt8], end: [UInt8])] {
        let (records, end) = (records, Self.end(of: start))
        guard !start.starts(with: records) else { return [] }
        // No key is empty.
        let first = start.isEmpty ? [0] : start
        guard records.starts(with: start) else { return [(first, end)] }
        return [(first, records), (Self.end(of: records), end)]
    }

    /// Throws for a lock whose raw name is where the records are: no listing would show it.
    func admit(_ key: LockKey) throws(LockError) {
        guard names == .raw, stem(of: key).starts(with: records) else { return }
        throw LockError(.invalidKey, "raw names do not begin with %record/, where records are kept", key: key)
    }

    /// Whose mark this is.
    static func id(ofMark mark: [UInt8]) -> Claim.ID? {
        guard mark.last == slash, let before = mark.dropLast().lastIndex(of: slash) else { return nil }
        return Claim.ID(String(decoding: mark[(before + 1)..<(mark.count - 1)], as: UTF8.self))
    }

    /// A key in two: the stem of its lock, and what is one claim's own.
    ///
    /// - Returns: `nil` for keys that are nobody's claim.
    func split(_ key: [UInt8]) -> (stem: ArraySlice<UInt8>, own: ArraySlice<UInt8>)? {
        guard let slash = key.lastIndex(of: Self.slash), slash >= prefix.count, slash + 1 < key.count else {
            return nil
        }
        return (key[...slash], key[(slash + 1)...])
    }

    /// What one claim's key has behind the stem; `nil` for a key of a lock whose raw name only begins alike.
    static func own(_ key: [UInt8], under stem: [UInt8]) -> ArraySlice<UInt8>? {
        guard key.count > stem.count, !key[stem.count...].contains(slash) else { return nil }
        return key[stem.count...]
    }

    static func id(ofOwn own: ArraySlice<UInt8>) -> Claim.ID? {
        // A lease's number has no hyphen.
        guard own.contains(UInt8(ascii: "-")) else { return nil }
        return Claim.ID(String(decoding: own, as: UTF8.self))
    }

    static func id(ofKey key: [UInt8]) -> Claim.ID? {
        guard let slash = key.lastIndex(of: slash) else { return nil }
        return id(ofOwn: key[(slash + 1)...])
    }

    /// - Returns: `nil` where no lock has this stem.
    func key(ofStem stem: some Collection<UInt8>) -> LockKey? {
        guard stem.starts(with: prefix), stem.count > prefix.count + 1 else { return nil }
        let name = stem.dropFirst(prefix.count).dropLast()
        switch names {
        case .encoded: return KeyText.decoded(name).map { LockKey(unchecked: $0) }
        case .raw: return String(validating: name, as: UTF8.self).map { LockKey(unchecked: $0) }
        }
    }

    /// Behind the last key that begins with `start`.
    static func end(of start: [UInt8]) -> [UInt8] {
        var end = start
        while let last = end.popLast() {
            if last < 0xFF { return end + [last + 1] }
        }
        // All keys there are.
        return [0]
    }
}
#endif
