/// What a claim's owner says with it, and may replace: a short text, and what the owner itself waits for.
///
/// A backend keeps a note as one word of printable ASCII, `encoded`, and never reads it.
public struct ClaimNote: Sendable, Hashable {
    /// The longest text, in bytes of UTF-8.
    public static let textBytesLimit = 1024
    /// The most claims that one owner is said to wait for.
    public static let waitsLimit = 4
    /// The longest `encoded`: every byte of the text and of the keys written as three.
    package static let encodedBytesLimit = 3 * textBytesLimit + waitsLimit * (3 * LockKey.bytesLimit + 64)

    /// A claim that the owner of this one waits for: an edge of the graph in which deadlocks are circles.
    public struct Wait: Sendable, Hashable {
        /// The waiting claim.
        public let claim: Claim.ID
        /// A key that it waits for: where to find it.
        public let key: LockKey
        /// When it was placed, in microseconds since 1970 by its owner's clock: who waited last gives way.
        public let since: Int64

        public init(claim: Claim.ID, key: LockKey, since: Int64) {
            self.claim = claim
            self.key = key
            self.since = since
        }
    }

    /// Nothing.
    public static let empty = ClaimNote(encoded: "")

    /// `TEXT`, then for each wait `*CLAIM*SINCE*KEY`; text and keys are percent-encoded.
    package let encoded: String

    /// What a backend has kept.
    package init(encoded: String) { self.encoded = encoded }

    /// Makes a note.
    ///
    /// - Parameters:
    ///   - text: at most 1,024 bytes of UTF-8; for people, or for an election's candidates.
    ///   - waits: beyond ``waitsLimit`` the first are kept.
    /// - Throws: ``LockError/Code/invalidArgument``.
    public init(_ text: String, waits: [Wait] = []) throws(LockError) {
        guard text.utf8.count <= Self.textBytesLimit else {
            throw LockError(
                .invalidArgument, "a note has at most \(Self.textBytesLimit) bytes of UTF-8, not \(text.utf8.count)")
        }
        self.init(checked: text, waits: waits)
    }

    private init(checked text: String, waits: [Wait]) {
        var bytes = KeyText.encoded(text)
        for wait in waits.prefix(Self.waitsLimit) {
            bytes += Array("*\(wait.claim)*\(wait.since)*".utf8)
            bytes += KeyText.encoded(wait.key.text)
        }
        encoded = String(decoding: bytes, as: UTF8.self)
    }

    /// The text; empty where there is none.
    public var text: String { KeyText.decoded(words[0]) ?? "" }

    /// What the owner waits for. What cannot be read is left out: an edge that is not known is no circle.
    public var waits: [Wait] {
        let words = words.dropFirst()
        let waits = stride(from: words.startIndex, to: words.endIndex - 2, by: 3).lazy.compactMap {
            index -> Wait? in
            guard let claim = Claim.ID(String(decoding: words[index], as: UTF8.self)),
                let since = Int64(String(decoding: words[index + 1], as: UTF8.self)),
                let key = KeyText.decoded(words[index + 2])
            else { return nil }
            return Wait(claim: claim, key: LockKey(unchecked: key), since: since)
        }
        return Array(waits.prefix(Self.waitsLimit))
    }

    private var words: [Substring.UTF8View] {
        encoded.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map { Substring($0).utf8 }
    }

    /// The same text, with other waits.
    package func waiting(for waits: [Wait]) -> ClaimNote { ClaimNote(checked: text, waits: waits) }
}
