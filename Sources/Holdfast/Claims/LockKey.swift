/// The name of the resource that a lock protects.
///
/// A key is 1 to 512 bytes of UTF-8 without control characters, and is compared as bytes: `é` in its composed and its
/// decomposed form are two keys. Keys cost nothing to make and leave nothing behind, so make them as fine-grained as
/// the work allows: `"users/42/profile"`, not `"users"`.
///
/// A literal or interpolated key is checked when it is used, where a bad one throws ``LockError/Code/invalidKey``.
public struct LockKey: Sendable {
    /// The longest key, in bytes of UTF-8.
    public static let bytesLimit = 512

    /// The key as text, exactly as it was given.
    public let text: String

    /// Makes a key from text that comes from outside.
    ///
    /// - Parameter text: 1 to 512 bytes of UTF-8 without control characters (U+0000–U+001F, U+007F–U+009F).
    /// - Throws: ``LockError/Code/invalidKey``.
    public init(_ text: String) throws(LockError) {
        self.text = text
        try validate()
    }

    /// Makes a key from bytes that may not be UTF-8, such as a command's argument.
    ///
    /// - Throws: ``LockError/Code/invalidKey``.
    public init(bytes: some Sequence<UInt8>) throws(LockError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw LockError(.invalidKey, "a key must be valid UTF-8; these bytes are not")
        }
        try self.init(text)
    }

    /// For text that a backend gives back: stored keys were checked when they were placed.
    package init(unchecked text: String) { self.text = text }

    package func validate() throws(LockError) {
        let count = text.utf8.count
        guard count > 0 else {
            throw LockError(.invalidKey, "a key must not be empty; name the resource that the lock protects")
        }
        guard count <= Self.bytesLimit else {
            throw LockError(
                .invalidKey, "a key has at most \(Self.bytesLimit) bytes of UTF-8; this one has \(count)")
        }
        var previous: UInt8 = 0
        for byte in text.utf8 {
            // C1 controls are the two bytes C2 80 … C2 9F.
            let isControl = byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0)
            guard !isControl else {
                throw LockError(.invalidKey, "a key must not contain control characters: \(text.debugDescription)")
            }
            previous = byte
        }
    }
}

extension LockKey: Hashable, Comparable {
    public static func == (lhs: LockKey, rhs: LockKey) -> Bool {
        guard lhs.text.utf8.count == rhs.text.utf8.count else { return false }
        let isEqual = lhs.text.utf8.withContiguousStorageIfAvailable { left in
            rhs.text.utf8.withContiguousStorageIfAvailable { right in left.elementsEqual(right) }
        }
        return (isEqual ?? nil) ?? (compare(lhs, rhs) == 0)
    }

    /// Orders by bytes.
    public static func < (lhs: LockKey, rhs: LockKey) -> Bool { compare(lhs, rhs) < 0 }

    public func hash(into hasher: inout Hasher) {
        let wasContiguous: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
            hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        if wasContiguous == nil { for byte in text.utf8 { hasher.combine(byte) } }
        hasher.combine(0xFF as UInt8)
    }

    /// Byte order. `String`'s own comparison is by canonical equivalence, which is not ours.
    private static func compare(_ lhs: LockKey, _ rhs: LockKey) -> Int {
        var left = lhs.text.utf8.makeIterator()
        var right = rhs.text.utf8.makeIterator()
        while true {
            switch (left.next(), right.next()) {
            case (nil, nil): return 0
            case (nil, _): return -1
            case (_, nil): return 1
            case (let a?, let b?) where a != b: return a < b ? -1 : 1
            default: continue
            }
        }
    }
}

extension LockKey: ExpressibleByStringInterpolation, CustomStringConvertible {
    public init(stringLiteral value: String) { text = value }
    public var description: String { text }
}
