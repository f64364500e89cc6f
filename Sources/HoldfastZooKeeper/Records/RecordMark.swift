#if ZooKeeper
import Holdfast

/// A record's version: which node it is, and how often that was changed.
///
/// ZooKeeper counts a node's changes from 0 again where it was deleted and created anew. So every node has a name that
/// no other ever has, and a child of that name, which a write checks together with the count.
struct RecordMark: Sendable, Hashable {
    private static let uniqueBytesLimit = 40

    let unique: String
    let changes: Int32

    init(unique: String, changes: Int32) { (self.unique, self.changes) = (unique, changes) }

    /// - Returns: `nil` for what no version here looks like: there is none that it could meet.
    init?(_ version: Record.Version) {
        let words = version.description.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count == 2, let changes = Int32(words[1]), changes >= 0, String(changes) == words[1],
            (1...Self.uniqueBytesLimit).contains(words[0].utf8.count), words[0].utf8.allSatisfy(Self.isTaken)
        else { return nil }
        self.init(unique: String(words[0]), changes: changes)
    }

    var version: Record.Version { Record.Version("\(unique).\(changes)") }

    /// Hexadecimal digits and a hyphen: never a path of its own.
    private static func isTaken(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || byte == UInt8(ascii: "-")
    }
}
#endif
