/// What stands in a claim's place in the store: how it wants the lock, for others to judge, and who it is, for people.
///
/// `hf1<mode> <placed> <client> <host> <pid> <program> <label>`, the claim's id where its place is not named for it;
/// then a line `#<note>` where there is one, and a line for each key where there are several.
package struct ClaimValue: Sendable, Equatable {
    package let mode: LockMode
    /// Milliseconds of the owner's own clock: for listings alone.
    package let placed: Int64
    /// Where its client looks for requests to let go.
    package let client: String
    package let owner: Owner
    /// Where the place has the name of an earlier claim.
    package let id: Claim.ID?
    /// The names of all keys of the claim; empty where there is one.
    package let names: [String]
    /// What the owner says with it.
    package let note: ClaimNote

    private static let mark = Array("hf1".utf8)
    private static let space = UInt8(ascii: " ")
    private static let newline = UInt8(ascii: "\n")
    /// Begins the note's line: no encoded name has one.
    private static let noteMark = UInt8(ascii: "#")

    /// Another program's claim is exclusive, whatever it says.
    package static func mode(of value: [UInt8]) -> LockMode {
        guard value.starts(with: mark) else { return .exclusive }
        let word = value[mark.count...].prefix { $0 != space }
        switch word.first {
        case UInt8(ascii: "r") where word.count == 1: return .shared
        case UInt8(ascii: "s"):
            let numbers = word.dropFirst().split(separator: UInt8(ascii: "/")).compactMap {
                Int(String(decoding: $0, as: UTF8.self))
            }
            guard numbers.count == 2, numbers[1] >= 1, numbers[1] <= numbers[0] else { return .exclusive }
            return .permits(numbers[1], of: numbers[0])
        case UInt8(ascii: "p"): return PathMode(word: word.dropFirst()).map { .path($0) } ?? .exclusive
        default: return .exclusive
        }
    }

    private static func word(_ mode: LockMode) -> String {
        switch mode {
        case .exclusive: "e"
        case .shared: "r"
        case .permits(let count, let limit): "s\(limit)/\(count)"
        case .path(let mode): "p\(mode.word)"
        }
    }

    /// What follows the mode: the same for all keys of a claim.
    ///
    /// - Parameter note: as ``ClaimNote/encoded``.
    package static func tail(
        placed: Int64, client: String, owner: [UInt8], id: Claim.ID? = nil, names: [String], note: String = ""
    ) -> [UInt8] {
        var bytes = Array(" \(placed) \(client) ".utf8)
        bytes += owner
        if let id { bytes += Array(" \(id)".utf8) }
        if !note.isEmpty { bytes += [newline, noteMark] + Array(note.utf8) }
        for name in names {
            bytes.append(newline)
            bytes += KeyText.encoded(name)
        }
        return bytes
    }

    package static func bytes(_ owner: Owner) -> [UInt8] {
        var bytes = KeyText.encoded(owner.host)
        bytes += Array(" \(owner.processID) ".utf8)
        bytes += KeyText.encoded(owner.program)
        bytes.append(space)
        bytes += KeyText.encoded(owner.label)
        return bytes
    }

    package static func bytes(_ mode: LockMode, _ tail: [UInt8]) -> [UInt8] { mark + Array(word(mode).utf8) + tail }

    /// A value, or a tail, with another note. All else in it stays as it is, also what this version does not know.
    ///
    /// - Parameter note: as ``ClaimNote/encoded``; empty for none.
    package static func replacingNote(in value: [UInt8], by note: String) -> [UInt8] {
        let head = value.prefix { $0 != newline }
        var rest = value[head.endIndex...]
        if rest.dropFirst().first == noteMark { rest = rest.dropFirst().drop { $0 != newline } }
        let line = note.isEmpty ? [] : [newline, noteMark] + Array(note.utf8)
        return head + line + rest
    }

    /// - Returns: `nil` for another program's.
    package init?(_ value: [UInt8]) {
        guard value.starts(with: Self.mark) else { return nil }
        let lines = value.split(separator: Self.newline, omittingEmptySubsequences: false)
        let words = lines[0].split(separator: Self.space, omittingEmptySubsequences: false)
        guard (7...8).contains(words.count), let placed = Int64(String(decoding: words[1], as: UTF8.self)),
            let host = KeyText.decoded(words[3]), let processID = Int32(String(decoding: words[4], as: UTF8.self)),
            let program = KeyText.decoded(words[5]), let label = KeyText.decoded(words[6])
        else { return nil }
        mode = Self.mode(of: value)
        self.placed = placed
        client = String(decoding: words[2], as: UTF8.self)
        owner = Owner(host: host, processID: processID, program: program, label: label)
        id = words.count == 8 ? Claim.ID(String(decoding: words[7], as: UTF8.self)) : nil
        guard words.count == 7 || id != nil else { return nil }
        names = lines.dropFirst().compactMap { KeyText.decoded($0) }
        let noteLine = lines.dropFirst().first.flatMap { $0.first == Self.noteMark ? $0.dropFirst() : nil }
        note = noteLine.map { ClaimNote(encoded: String(decoding: $0, as: UTF8.self)) } ?? .empty
    }
}
