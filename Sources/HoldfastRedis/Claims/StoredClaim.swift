#if Redis
import Holdfast

/// A claim as it stands in the store: an exclusive holder's string, or an entry beside it.
struct StoredClaim {
    let id: Claim.ID
    let mode: LockMode
    let isAsked: Bool
    let token: FencingToken?
    /// Microseconds of the server.
    let placed: Int64
    /// Milliseconds of the server; `nil` in a string, which ends by itself.
    let expires: Int64?
    let owner: Owner
    let note: ClaimNote
    /// The strings of all its keys; empty where it has one.
    let strings: [String]

    private static let mark = "hf1:"

    /// Reads an exclusive holder's string: `hf1:<id>:<flag><token>[/<placed>]<tail>`.
    ///
    /// - Returns: `nil` for a peer's, and for one that only says that others stand beside it.
    init?(string: String) {
        guard string.utf8.starts(with: Self.mark.utf8) else { return nil }
        let rest = string.dropFirst(Self.mark.count)
        guard let colon = rest.firstIndex(of: ":"), let id = Claim.ID(String(rest[..<colon])),
            let tail = Tail(rest[rest.index(after: colon)...]), let flag = tail.head.first
        else { return nil }
        let numbers = tail.head.dropFirst().split(separator: "/")
        guard let first = numbers.first, let raw = Int64(first), let last = numbers.last, let placed = Int64(last)
        else { return nil }
        self.id = id
        mode = .exclusive
        isAsked = flag == "!"
        token = FencingToken(rawValue: raw)
        self.placed = placed
        expires = nil
        owner = tail.owner
        note = tail.note
        strings = tail.strings
    }

    /// Reads an entry: `<expires> <kind><flag> <life> <placed> <permits> <limit> <token><tail>`.
    init?(id: String, entry: String) {
        let lines = entry.split(separator: "\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ", omittingEmptySubsequences: false)
        guard let id = Claim.ID(id), 12...13 ~= words.count, let expires = Int64(words[0]), words[1].count == 2,
            let placed = Int64(words[3]), let permits = Int(words[4]), let limit = Int(words[5]),
            let raw = Int64(words[6]), let owner = OwnerText.owner(words[8..<12])
        else { return nil }
        switch words[1].first {
        case "x": mode = .exclusive
        case "s": mode = .shared
        case "p": mode = .permits(permits, of: limit)
        case "t":
            guard let path = PathMode(rawValue: permits) else { return nil }
            mode = .path(path)
        default: return nil
        }
        self.id = id
        isAsked = words[1].last == "!"
        token = FencingToken(rawValue: raw)
        self.placed = placed
        self.expires = expires
        self.owner = owner
        note = Self.note(words.dropFirst(12))
        strings = lines.dropFirst().map(String.init)
    }

    private static func note(_ words: ArraySlice<Substring>) -> ClaimNote {
        words.first.map { ClaimNote(encoded: String($0)) } ?? .empty
    }

    /// What stands behind a claim's own part: ` <channel> <host> <pid> <program> <label>[ <note>]`, and its strings.
    private struct Tail {
        let head: Substring
        let owner: Owner
        let note: ClaimNote
        let strings: [String]

        init?(_ text: Substring) {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            let words = lines[0].split(separator: " ", omittingEmptySubsequences: false)
            guard 6...7 ~= words.count, let owner = OwnerText.owner(words[2..<6]) else { return nil }
            head = words[0]
            self.owner = owner
            note = StoredClaim.note(words.dropFirst(6))
            strings = lines.dropFirst().map(String.init)
        }
    }
}
#endif
