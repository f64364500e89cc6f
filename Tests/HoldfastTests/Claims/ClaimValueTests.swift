import Holdfast
import Testing

@Suite struct ClaimValueTests {
    private static let owner = ClaimValue.bytes(Owner(host: "a b", processID: 7, program: "p#q", label: ""))

    private static func value(
        _ mode: LockMode = .exclusive, id: Claim.ID? = nil, names: [String] = [], note: String = ""
    ) -> [UInt8] {
        ClaimValue.bytes(
            mode, ClaimValue.tail(placed: 5, client: "c", owner: owner, id: id, names: names, note: note))
    }

    private static func note(_ text: String) throws -> String { try ClaimNote(text).encoded }

    private static let texts = ["", "plain", "two\nlines", "#", "a #b * c % \u{e9}\r\u{0}"]

    @Test(arguments: [LockMode.exclusive, .shared, .permits(2, of: 300)], texts)
    func `a value is read as it was written`(_ mode: LockMode, _ text: String) throws {
        let id = Claim.ID(client: 0xab, sequence: 3)
        for names in [[], ["#a", "b/c\n", "d"]] {
            for id in [nil, id] {
                let bytes = Self.value(mode, id: id, names: names, note: try Self.note(text))
                let value = try #require(ClaimValue(bytes))
                #expect(ClaimValue.mode(of: bytes) == mode && value.mode == mode)
                #expect(value.placed == 5 && value.client == "c" && value.owner.host == "a b")
                #expect(value.id == id && value.names == names && value.note.text == text)
            }
        }
    }

    @Test func `a value without a note is what it was before there were notes`() throws {
        let alone = Array("hf1e 5 c a%20b 7 p%23q ".utf8)
        #expect(Self.value() == alone)
        #expect(try #require(ClaimValue(alone)).note == .empty)
        let several = alone + Array("\n%23a\nb".utf8)
        #expect(Self.value(names: ["#a", "b"]) == several)
        let value = try #require(ClaimValue(several))
        #expect(value.note == .empty && value.names == ["#a", "b"])
    }

    @Test(arguments: texts, texts) func `a note is replaced, and nothing else`(_ old: String, _ new: String) throws {
        for names in [[], ["#a", "b"]] {
            let before = Self.value(.shared, names: names, note: try Self.note(old))
            let after = Self.value(.shared, names: names, note: try Self.note(new))
            #expect(ClaimValue.replacingNote(in: before, by: try Self.note(new)) == after)
            // What another version adds at the end.
            let marked = ClaimValue.replacingNote(in: before + Array("\n!".utf8), by: try Self.note(new))
            #expect(marked == after + Array("\n!".utf8))
        }
    }

    @Test func `another program's value has no note`() {
        for text in ["", "#note", "peer\n#note", "hf1e\n#note"] { #expect(ClaimValue(Array(text.utf8)) == nil) }
    }
}
