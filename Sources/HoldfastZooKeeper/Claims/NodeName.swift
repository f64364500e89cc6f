#if ZooKeeper
import Holdfast

/// A claim's node under its lock: how it wants the lock, whose it is, and its place in the order.
///
/// `_c_<guid>-lock-<number>` and `_c_<guid>-__WRIT__<number>` are Curator's own names. The number is the server's.
struct NodeName: Sendable, Hashable {
    let text: String
    let mode: LockMode
    let sequence: Int64
    /// From the GUID, which Curator's claims have as well.
    let id: Claim.ID?

    private static let digits = 10

    /// - Returns: `nil` for what is nobody's claim in this dialect.
    init?(_ text: String, _ dialect: ZooKeeperConfiguration.Dialect) {
        let bytes = Array(text.utf8)
        guard bytes.count > Self.digits, bytes.suffix(Self.digits).allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        let start = bytes.dropLast(Self.digits)
        guard let mode = Self.mode(start, dialect) else { return nil }
        self.init(
            text, mode, bytes.suffix(Self.digits).reduce(0) { $0 * 10 + Int64($1 - 0x30) }, Self.id(start))
    }

    /// - Returns: `nil` where it is no contender.
    private static func mode(_ start: ArraySlice<UInt8>, _ dialect: ZooKeeperConfiguration.Dialect) -> LockMode? {
        switch dialect {
        case .readWrite:
            if start.hasSuffix("__READ__") { return .shared }
            return start.hasSuffix("__WRIT__") ? .exclusive : nil
        case .mutex:
            // Of kazoo, and of others whose names only end alike.
            if start.hasSuffix("__rlock__") { return .shared }
            if start.hasSuffix("-lock-"), let word = word(start) { return mode(word) }
            return start.hasSuffix("lock-") || start.hasSuffix("__lock__") ? .exclusive : nil
        }
    }

    private init(_ text: String, _ mode: LockMode, _ sequence: Int64, _ id: Claim.ID?) {
        (self.text, self.mode, self.sequence, self.id) = (text, mode, sequence, id)
    }

    /// What the server completes with its number.
    static func start(_ id: Claim.ID, _ mode: LockMode, _ dialect: ZooKeeperConfiguration.Dialect) -> String {
        let guid = "_c_" + guid(id) + "-"
        switch (dialect, mode) {
        case (.mutex, .exclusive): return guid + "lock-"
        case (.mutex, .shared): return guid + "r-lock-"
        case (.mutex, .permits(let count, let limit)): return guid + "p\(limit).\(count)-lock-"
        case (.mutex, .path(let mode)): return guid + "t\(mode.word)-lock-"
        case (.readWrite, .shared): return guid + "__READ__"
        case (.readWrite, _): return guid + "__WRIT__"
        }
    }

    /// Between the GUID and `-lock-`; `nil` where nothing is.
    private static func word(_ start: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard id(start) != nil, start.count > guidEnd + 6 else { return nil }
        return start.dropFirst(guidEnd).dropLast(6)
    }

    private static func mode(_ word: ArraySlice<UInt8>) -> LockMode? {
        if word.elementsEqual("r".utf8) { return .shared }
        if word.first == UInt8(ascii: "t") { return PathMode(word: word.dropFirst()).map { .path($0) } }
        guard word.first == UInt8(ascii: "p") else { return nil }
        let numbers = word.dropFirst().split(separator: UInt8(ascii: ".")).compactMap {
            Int(String(decoding: $0, as: UTF8.self))
        }
        guard numbers.count == 2, numbers[1] >= 1, numbers[1] <= numbers[0] else { return nil }
        return .permits(numbers[1], of: numbers[0])
    }

    static func id(of node: String) -> Claim.ID? { id(Array(node.utf8)[...]) }

    // MARK: GUIDs

    /// Behind `_c_`, the GUID, and a hyphen.
    private static let guidEnd = 3 + 36 + 1
    private static let groups = [8, 4, 4, 4, 12]

    private static func guid(_ id: Claim.ID) -> String {
        var rest = Substring(hexadecimal(id.client) + hexadecimal(id.sequence))
        return groups.map { length in
            defer { rest = rest.dropFirst(length) }
            return String(rest.prefix(length))
        }.joined(separator: "-")
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    private static func id(_ start: ArraySlice<UInt8>) -> Claim.ID? {
        guard start.hasPrefix("_c_"), start.count >= guidEnd else { return nil }
        let guid = start.dropFirst(3).prefix(36).filter { $0 != UInt8(ascii: "-") }
        guard guid.count == 32, let client = UInt64(String(decoding: guid.prefix(16), as: UTF8.self), radix: 16),
            let sequence = UInt64(String(decoding: guid.suffix(16), as: UTF8.self), radix: 16)
        else { return nil }
        return Claim.ID(client: client, sequence: sequence)
    }
}

extension ArraySlice<UInt8> {
    fileprivate func hasSuffix(_ text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
    fileprivate func hasPrefix(_ text: String) -> Bool { starts(with: text.utf8) }
}

/// Claims by their nodes' names, ordered by the numbers that the server gave them.
typealias NodeOrder = ClaimOrder<String>

extension NodeOrder {
    /// Of a lock's children; what is nobody's claim is left out.
    init(_ children: [String], _ dialect: ZooKeeperConfiguration.Dialect) {
        let names = children.compactMap { NodeName($0, dialect) }.sorted { $0.sequence < $1.sequence }
        self.init(names.map { Entry(key: $0.text, revision: $0.sequence, mode: $0.mode) })
    }

    /// How many earlier claims block this one; of permits all, since their sum decides; of paths also those that wait.
    func blockers(of node: String) -> Int {
        guard let index = index(of: node) else { return 0 }
        let mode = entries[index].mode
        if case .permits = mode { return index }
        if case .path = mode { return LockMode.excluding(entries[...index].map(\.mode)).count { $0 < index } }
        return entries[..<index].count { mode.isBlocked(by: $0.mode) }
    }
}
#endif
