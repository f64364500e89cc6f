#if Redis
import Holdfast

/// How keys become names in the store, and back.
struct NameCodec: Sendable {
    let prefix: String
    let names: RedisConfiguration.Names

    /// The string's name.
    func string(of key: LockKey) -> String {
        switch names {
        case .raw: prefix + key.text
        case .encoded: prefix + Percent.encoded(key.text)
        }
    }

    /// - Returns: `nil` where no key has this name.
    func key(of string: String) -> LockKey? {
        guard string.utf8.starts(with: prefix.utf8) else { return nil }
        let name = String(decoding: string.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
        guard let text = names == .raw ? name : Percent.decoded(name) else { return nil }
        // A name that we would write in another way is a peer's.
        guard names == .raw || Percent.encoded(text) == name, !text.isEmpty else { return nil }
        return LockKey(unchecked: text)
    }

    /// A pattern that strings and side keys match whose keys begin with `text`; others may match, too.
    func pattern(beginningWith text: String) -> String {
        let start = names == .raw ? prefix + text : prefix + Percent.encoded(text)
        var pattern = "*"
        for character in start.unicodeScalars {
            if "*?[]^-\\".unicodeScalars.contains(character) { pattern += "\\" }
            pattern.unicodeScalars.append(character)
        }
        return pattern + "*"
    }
}

/// Percent-encoding of names and owners: what is left as it is has no meaning to Redis, to a shell or to a script.
enum Percent {
    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"): true
        case UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: "+"): true
        default: false
        }
    }

    static func encoded(_ text: String) -> String {
        guard text.utf8.contains(where: { !isPlain($0) }) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 2)
        for byte in text.utf8 {
            if isPlain(byte) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func decoded(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let high = digits.firstIndex(of: rest.removeFirst()),
                let low = digits.firstIndex(of: rest.removeFirst())
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
#endif
