#if Redis
/// One value of the Redis protocol, version 2 or 3.
///
/// What the two versions spell differently is one here: a set is an array, a big number is simple text, a verbatim
/// string is bulk, a bulk error is an error, and the null array is null.
enum RESPValue: Sendable, Equatable {
    case simple(String)
    /// With its code: `NOSCRIPT No matching script.`
    case error(String)
    case integer(Int64)
    case bulk([UInt8])
    case null
    case boolean(Bool)
    case double(Double)
    case array([RESPValue])
    /// Keys and values in turn, as version 2 would send them in an array.
    case map([RESPValue])
    /// Sent by the server of its own accord.
    case push([RESPValue])
}

extension RESPValue {
    /// Text of simple or bulk strings, read as UTF-8.
    var text: String? {
        switch self {
        case .simple(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// A number, also where it comes as text.
    var int: Int64? {
        switch self {
        case .integer(let number): number
        case .boolean(let flag): flag ? 1 : 0
        case .simple(let text): Int64(text)
        case .bulk(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }

    /// The elements of an array, a push, or a map (keys and values in turn).
    var elements: [RESPValue]? {
        switch self {
        case .array(let elements), .map(let elements), .push(let elements): elements
        default: nil
        }
    }

    var isNull: Bool { self == .null }

    /// The value of `key` in a map, or in an array of keys and values in turn.
    subscript(key: String) -> RESPValue? {
        guard let elements else { return nil }
        for index in stride(from: 0, to: elements.count - 1, by: 2) where elements[index].text == key {
            return elements[index + 1]
        }
        return nil
    }
}
#endif
