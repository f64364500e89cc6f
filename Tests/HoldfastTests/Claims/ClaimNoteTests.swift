import Holdfast
import Testing

/// What a claim's owner says with it, as one word that a backend keeps.
@Suite struct ClaimNoteTests {
    private func wait(_ number: UInt64, _ key: LockKey = "a") -> ClaimNote.Wait {
        ClaimNote.Wait(claim: .test(number), key: key, since: 1_700_000_000_000_000 + Int64(number))
    }

    /// As a backend gives it back.
    private func kept(_ note: ClaimNote) -> ClaimNote { ClaimNote(encoded: note.encoded) }

    @Test(arguments: ["", "10.0.0.5:8080", "a*b%2A c", "\u{e9}\u{65}\u{301}\n\t\u{0}", "%", "*", "***", "%41"])
    func `a text comes back as it was`(_ text: String) throws {
        let note = try ClaimNote(text)
        #expect(kept(note).text.utf8.elementsEqual(text.utf8))
        #expect(kept(note).waits == [])
        #expect(kept(note) == note)
    }

    @Test func `no note is no byte`() throws {
        #expect(ClaimNote.empty.encoded.isEmpty)
        #expect(try ClaimNote("") == .empty)
        #expect(ClaimNote.empty.text.isEmpty && ClaimNote.empty.waits.isEmpty)
    }

    @Test func `waits come back in order, beside any text`() throws {
        let waits = [wait(1, "users/42"), wait(2, "*%*"), wait(1 << 50, "\u{e9}")]
        for text in ["", "leader*", "%"] {
            let note = kept(try ClaimNote(text, waits: waits))
            #expect(note.text == text)
            #expect(note.waits == waits)
        }
    }

    @Test(arguments: [Int64.min, -1, 0, .max]) func `any time is kept`(_ since: Int64) throws {
        let wait = ClaimNote.Wait(claim: Claim.ID(client: .max, sequence: 0), key: "k", since: since)
        #expect(kept(try ClaimNote("", waits: [wait])).waits == [wait])
    }

    @Test func `other waits leave the text as it is`() throws {
        let note = try ClaimNote("a proposal", waits: [wait(1)])
        let other = kept(note.waiting(for: [wait(2), wait(3)]))
        #expect(other.text == "a proposal" && other.waits == [wait(2), wait(3)])
        #expect(other.waiting(for: []) == (try ClaimNote("a proposal")))
    }

    @Test func `an encoded note is one word of printable ASCII, within its bound`() throws {
        let text = String(repeating: "\u{1}", count: ClaimNote.textBytesLimit)
        let key = LockKey(unchecked: String(repeating: "/", count: LockKey.bytesLimit))
        let longest = Claim.ID(client: .max, sequence: .max)
        let waits = Array(
            repeating: ClaimNote.Wait(claim: longest, key: key, since: .min), count: ClaimNote.waitsLimit)
        let note = try ClaimNote(text, waits: waits)
        #expect(note.encoded.utf8.allSatisfy { 0x21...0x7E ~= $0 })
        #expect(note.encoded.utf8.count <= ClaimNote.encodedBytesLimit)
        #expect(kept(note).text == text && kept(note).waits == waits)
    }

    @Test func `a text that is too long is refused, counted in bytes`() throws {
        _ = try ClaimNote(String(repeating: "a", count: ClaimNote.textBytesLimit))
        for text in [
            String(repeating: "a", count: ClaimNote.textBytesLimit + 1),
            String(repeating: "\u{e9}", count: ClaimNote.textBytesLimit / 2 + 1),
        ] {
            let error = #expect(throws: LockError.self) { _ = try ClaimNote(text) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `of too many waits the first are kept`() throws {
        let waits = (1...9 as ClosedRange<UInt64>).map { wait($0) }
        #expect(try ClaimNote("t", waits: waits).waits == Array(waits.prefix(ClaimNote.waitsLimit)))
    }

    @Test(arguments: [
        "*", "**", "***", "****", "t*1-2", "t*1-2*3", "t*1-2*x*k", "t*x*3*k", "t*1-2-3*4*k", "t*1-2*3*%", "t*1-2*3*%4",
        "t*1-2*3*%4x", "t*1-2*3*%FF", "t*1-2*99999999999999999999*k", "t*-*3*k", "t*11111111111111111-2*3*k", "%", "%F",
        "%zz", "a b", "\u{e9}", "\u{0}", "%ff", "%41",
    ])
    func `what no owner has written is read as nothing`(_ encoded: String) {
        let note = ClaimNote(encoded: encoded)
        #expect(note.waits == [])
        #expect(["", "t"].contains(note.text))
    }

    @Test func `a wait that cannot be read hides no other`() throws {
        let good = try ClaimNote("t", waits: [wait(1), wait(2)]).encoded
        let torn = good.replacing("*0-1*", with: "*?*")
        #expect(torn != good)
        #expect(ClaimNote(encoded: torn).waits == [wait(2)])
    }

    @Test func `of a note that says more than it may, no more is read`() throws {
        let one = try ClaimNote("", waits: [wait(1)]).encoded
        #expect(ClaimNote(encoded: String(repeating: one, count: 1000)).waits.count == ClaimNote.waitsLimit)
    }

    @Test func `random bytes are never a crash`() {
        var random = SplitMix(state: 7)
        let alphabet = Array("*%-0123456789abcfFA ".utf8) + [0xC3, 0xA9, 0, 0xFF]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            let note = ClaimNote(encoded: String(decoding: bytes, as: UTF8.self))
            #expect(note.waits.count <= ClaimNote.waitsLimit)
            // What was read can be written, and read again.
            let again = note.waiting(for: note.waits)
            #expect(again.text == note.text && again.waits == note.waits)
        }
    }
}

/// The same bytes in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
