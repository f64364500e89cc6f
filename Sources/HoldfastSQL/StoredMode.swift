package import Holdfast

extension LockMode {
    /// The limit of a path's queue: a family of its own, as each limit of a semaphore is.
    package static let pathLimit = -1

    /// A mode as numbers: kind 0 exclusive, 1 shared, 2 permits, 3 of a path; there the second is the ``PathMode``.
    package var stored: (kind: Int, permits: Int, limit: Int) {
        switch self {
        case .exclusive: (0, 0, 0)
        case .shared: (1, 0, 0)
        case .permits(let count, let limit): (2, count, limit)
        case .path(let mode): (3, mode.rawValue, Self.pathLimit)
        }
    }

    /// - Returns: `nil` for numbers that no mode has.
    package init?(kind: Int, permits: Int, limit: Int) {
        switch kind {
        case 0: self = .exclusive
        case 1: self = .shared
        case 2: self = .permits(permits, of: limit)
        case 3:
            guard limit == Self.pathLimit, let mode = PathMode(rawValue: permits) else { return nil }
            self = .path(mode)
        default: return nil
        }
    }
}

extension PathMode {
    /// SQL, as every server reads it: whether a part waits behind an earlier one, by the numbers of their modes.
    ///
    /// - Parameters:
    ///   - later: an expression; what is no mode's number waits for everybody.
    ///   - earlier: another; it is written several times.
    package static func waits(_ later: String, behind earlier: String) -> String {
        let cases = allCases.map { mode in
            let excluded = allCases.filter { !mode.mayHold(behind: $0) }.map { "\($0.rawValue)" }
            return " WHEN \(mode.rawValue) THEN \(earlier) IN (\(excluded.joined(separator: ", ")))"
        }
        return "CASE \(later)\(cases.joined()) ELSE true END"
    }
}

/// The parts of a claim as one value, so that a removal needs no search for them.
package enum StoredParts {
    /// Per part: kind, permits and limit as little-endian signed 32-bit numbers, the key's length as 16 bits, the key.
    package static func pack(_ parts: [Claim.Part]) -> [UInt8] {
        var bytes: [UInt8] = []
        for part in parts {
            let (kind, permits, limit) = part.mode.stored
            for number in [kind, permits, limit] {
                withUnsafeBytes(of: Int32(number).littleEndian) { bytes.append(contentsOf: $0) }
            }
            withUnsafeBytes(of: UInt16(part.key.text.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: part.key.text.utf8)
        }
        return bytes
    }

    /// - Throws: ``LockError/Code/storeUnusable`` where the bytes are not what `pack` makes.
    package static func unpack(_ bytes: [UInt8]) throws(LockError) -> [Claim.Part] {
        var parts: [Claim.Part] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let kind = number(&rest, bytes: 4), let permits = number(&rest, bytes: 4),
                let limit = number(&rest, bytes: 4).map({ Int(Int32(truncatingIfNeeded: $0)) }),
                let length = number(&rest, bytes: 2), rest.count >= length,
                let mode = LockMode(kind: kind, permits: permits, limit: limit),
                let text = String(validating: rest.prefix(length), as: UTF8.self)
            else { throw LockError(.storeUnusable, "a claim in this store cannot be read; the file is damaged") }
            parts.append(Claim.Part(LockKey(unchecked: text), mode))
            rest = rest.dropFirst(length)
        }
        return parts
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, bytes: Int) -> Int? {
        guard rest.count >= bytes else { return nil }
        let value = rest.prefix(bytes).reversed().reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(bytes)
        return value
    }
}
