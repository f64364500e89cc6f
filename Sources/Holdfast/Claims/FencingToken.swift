/// The number that orders the holders of a key: greater than that of every earlier holder.
///
/// Carry it to the resource, and let the resource refuse a token that is smaller than one it has seen. That is the
/// only protection against a holder that was paused past its deadline.
public struct FencingToken: Sendable, Hashable, Comparable, RawRepresentable {
    /// A positive 63-bit integer.
    public let rawValue: Int64

    /// - Returns: `nil` unless `rawValue` is positive.
    public init?(rawValue: Int64) {
        guard rawValue > 0 else { return nil }
        self.rawValue = rawValue
    }

    public static func < (lhs: FencingToken, rhs: FencingToken) -> Bool { lhs.rawValue < rhs.rawValue }

    /// - Throws: ``LockError/Code/storeUnusable`` at the end of the 63 bits, rather than a token that repeats.
    package func next() throws(LockError) -> FencingToken {
        guard rawValue < Int64.max, let next = FencingToken(rawValue: rawValue + 1) else {
            throw LockError(
                .storeUnusable, "the fencing tokens of this store are used up (2^63 - 1); start a new store")
        }
        return next
    }
}

extension FencingToken: LosslessStringConvertible {
    public var description: String { String(rawValue) }

    /// Reads what ``description`` writes, and nothing else that would name the same number: no sign, no zeros in front.
    ///
    /// - Returns: `nil` for anything but 1 to 19 decimal digits that name a positive 63-bit integer.
    public init?(_ description: String) {
        guard let raw = Int64(description), String(raw) == description else { return nil }
        self.init(rawValue: raw)
    }
}

extension FencingToken: Codable {

    /// Text, since JSON numbers lose precision above 2^53 in many readers.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let raw = Int64(text), let token = FencingToken(rawValue: raw) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a fencing token: \(text)")
        }
        self = token
    }
}
