import Holdfast
import Testing

@Suite struct LockKeyTests {
    @Test(arguments: [
        "a", "users/42/profile", " ", "..", "a'b\"c;--", "%00", "{x}", "*?[", "\u{202E}abc", "é", "e\u{301}",
    ])
    func `text of any script is a key`(_ text: String) throws {
        #expect(try LockKey(text).text == text)
    }

    @Test func `512 bytes are a key, 513 are not`() throws {
        _ = try LockKey(String(repeating: "k", count: 512))
        let error = #expect(throws: LockError.self) { try LockKey(String(repeating: "k", count: 513)) }
        #expect(error?.code == .invalidKey)
    }

    /// As bytes, since a test's arguments are printed.
    @Test(
        arguments: [[], [0x61, 0, 0x62], [0x61, 0x0A], [0x7F], [0x61, 0xC2, 0x85], [0xC2, 0x9F], [0x1B, 0x5B]]
            as [[UInt8]])
    func `empty text and control characters are refused`(_ bytes: [UInt8]) {
        let error = #expect(throws: LockError.self) { try LockKey(bytes: bytes) }
        #expect(error?.code == .invalidKey)
    }

    @Test(arguments: [[0xC3, 0x28], [0xFF], [0xED, 0xA0, 0x80], [0xC0, 0xAF]] as [[UInt8]])
    func `bytes that are not UTF-8 are refused`(_ bytes: [UInt8]) {
        let error = #expect(throws: LockError.self) { try LockKey(bytes: bytes) }
        #expect(error?.code == .invalidKey)
    }

    @Test func `keys are compared as bytes, not as text`() throws {
        let composed = LockKey("caf\u{E9}")
        let decomposed = LockKey("cafe\u{301}")
        #expect(composed.text == decomposed.text)
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(LockKey(stringLiteral: "a") < "a/b")
        #expect(LockKey(stringLiteral: "b") > "a/b")
    }

    @Test func `a bad literal is an error where it is used, never a trap`() {
        let error = #expect(throws: LockError.self) {
            try Claim(id: .init(client: 1, sequence: 1), parts: [.init("")], timeToLive: .seconds(1), owner: .test)
        }
        #expect(error?.code == .invalidKey)
    }
}

@Suite struct ClaimTests {
    @Test func `parts are sorted by bytes, and no key stands twice`() throws {
        let claim = try Claim.test(1, [.init("b"), .init("a", .shared), .init("a/b")])
        #expect(claim.parts.map(\.key.text) == ["a", "a/b", "b"])
        let error = #expect(throws: LockError.self) {
            try Claim.test(1, [.init("a"), .init("b"), .init("a", .shared)])
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `no key at all and more than the limit are refused`() {
        #expect(throws: LockError.self) { try Claim.test(1, []) }
        let many = (0...Claim.keysLimit).map { Claim.Part("k\($0)") }
        #expect(throws: LockError.self) { try Claim.test(1, many) }
    }

    @Test(arguments: [(0, 1), (-1, 3), (4, 3), (1, 0), (1, 1_000_001), (Int.max, Int.max), (Int.min, Int.min)])
    func `permits outside their limit are refused`(_ count: Int, _ limit: Int) {
        let error = #expect(throws: LockError.self) { try Claim.test(1, [.init("a", .permits(count, of: limit))]) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `an id reads back from its text`() {
        let id = Claim.ID(client: .max, sequence: 7)
        #expect(Claim.ID(id.description) == id)
        #expect(Claim.ID("nonsense") == nil)
        #expect(Claim.ID("1-2-3") == nil)
    }

    @Test func `a token is positive`() {
        #expect(FencingToken(rawValue: 0) == nil)
        #expect(FencingToken(rawValue: -1) == nil)
        #expect(FencingToken(rawValue: .max) != nil)
    }
}
