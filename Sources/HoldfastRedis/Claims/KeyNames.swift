#if Redis
/// The names of the keys that stand for one lock, all in one hash slot.
struct KeyNames: Sendable, Hashable {
    /// How many there are.
    static let count = 4
    /// How many of them a listing reads.
    static let readCount = 3

    /// The string that peers know: prefix and name, and nothing else.
    let string: String
    /// The last token.
    let counter: String
    /// Who stands here, in order.
    let queue: String
    /// What stands in the queue.
    let entries: String

    init(string: String) {
        self.string = string
        let stem = Self.stem(of: string)
        counter = stem + "t"
        queue = stem + "z"
        entries = stem + "e"
    }

    /// What the names of side keys begin with: in the slot of the string.
    ///
    /// A name that has a hash tag of its own keeps it; any other is a tag as a whole. The two differ in their ends, so
    /// that `{a}` and `a` never meet.
    static func stem(of string: String) -> String {
        hasTag(string) ? string + ":hf." : "{" + string + "}:hf:"
    }

    /// Whether a server takes a part of the name for its slot: what stands between the first { and the next }.
    static func hasTag(_ string: String) -> Bool {
        guard let open = string.utf8.firstIndex(of: UInt8(ascii: "{")) else { return false }
        let behind = string.utf8[string.utf8.index(after: open)...]
        guard let close = behind.firstIndex(of: UInt8(ascii: "}")) else { return false }
        return close != behind.startIndex
    }

    /// Whether the side keys of a name could be in another slot: only a cluster minds.
    static func hasStrayBrace(_ string: String) -> Bool {
        !hasTag(string) && string.utf8.contains { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }
    }

    /// The string to which a side key of a queue belongs. By bytes: characters of a raw name may join with ours.
    static func string(ofQueue name: String) -> String? {
        let bytes = Array(name.utf8)
        if ends(bytes, with: ":hf.z") { return String(decoding: bytes.dropLast(5), as: UTF8.self) }
        guard bytes.first == UInt8(ascii: "{"), ends(bytes, with: "}:hf:z") else { return nil }
        return String(decoding: bytes.dropFirst().dropLast(6), as: UTF8.self)
    }

    private static func ends(_ bytes: [UInt8], with end: String) -> Bool {
        bytes.suffix(end.utf8.count).elementsEqual(end.utf8)
    }

    func append(to arguments: inout RedisCommand.Arguments) {
        arguments.append(string)
        arguments.append(counter)
        arguments.append(queue)
        arguments.append(entries)
    }
}
#endif
