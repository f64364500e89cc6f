#if MySQL
import Crypto
import Holdfast

extension MySQLConfiguration {
    /// How a key becomes a name for `GET_LOCK`, so that other libraries' locks of the same name exclude ours.
    ///
    /// A name has at most 64 characters, and MySQL does not tell capital letters from small ones.
    public enum NameFunction: String, Sendable, Hashable, CaseIterable {
        /// Small letters, digits and `-._/:` stand for themselves, so that the name of a plain key is the key; each
        /// other byte is written `%` and two digits. What is too long is `#` and a checksum.
        case holdfast
        /// As Medallion's DistributedLock names its locks.
        case medallion
        /// The key as it is, as with_advisory_lock, tooz and hand-written SQL have it: at most 64 characters of ASCII.
        case raw
    }
}

extension MySQLConfiguration.NameFunction {
    static let charactersLimit = 64

    /// The name on the server. Two keys of one name are one lock; on MySQL also where only capitals tell them apart.
    ///
    /// - Throws: ``LockError/Code/invalidKey`` for a key that the function is not for.
    func name(of key: String) throws(LockError) -> String {
        switch self {
        case .holdfast: Self.encoded(key)
        case .medallion: Self.medallion(key)
        case .raw: try Self.raw(key)
        }
    }

    private static func encoded(_ key: String) -> String {
        var bytes: [UInt8] = []
        for byte in key.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: ":"):
                bytes.append(byte)
            default:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            }
        }
        guard bytes.count > charactersLimit else { return String(decoding: bytes, as: UTF8.self) }
        return "#" + base32(SHA256.hash(data: Array(key.utf8)))
    }

    private static func medallion(_ key: String) -> String {
        let lower = key.lowercased()
        if key == lower, key.unicodeScalars.count <= charactersLimit { return key }
        let hash = SHA512.hash(data: Array(key.utf8)).prefix(20)
        return String(lower.prefix(charactersLimit - 32)) + base32(hash)
    }

    private static func raw(_ key: String) throws(LockError) -> String {
        guard key.utf8.count <= charactersLimit, key.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw LockError(
                .invalidKey, "a name that is used as it is has at most \(charactersLimit) characters of ASCII",
                key: LockKey(unchecked: key))
        }
        return key
    }

    /// Five bits a letter, the lowest first.
    private static func base32(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var (bits, count) = (0, 0)
        for byte in bytes {
            bits |= Int(byte) << count
            count += 8
            while count >= 5 {
                text.append(letters[bits & 31])
                bits >>= 5
                count -= 5
            }
        }
        if count > 0 { text.append(letters[bits & 31]) }
        return String(decoding: text, as: UTF8.self)
    }

    private static let digits = Array("0123456789abcdef".utf8)
    private static let letters = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
}
#endif
