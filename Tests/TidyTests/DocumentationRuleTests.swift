import Testing

struct DocumentationRuleTests {
    private func violations(_ text: String, _ path: String = "Sources/Holdfast/F.swift") -> [Int] {
        DocumentationRule.documented.violations(path: path, text + "\n").map(\.line)
    }

    @Test(arguments: [
        "public struct S {", "    public func f() {}", "public final class C {}", "public static func make() -> S {",
        "// Not a doc comment.\npublic enum E {}", "/// Not here.\n\npublic protocol P {}", "public var isHeld: Bool {",
    ])
    func `a public declaration without a comment is found`(_ text: String) { #expect(violations(text).count == 1) }

    @Test(arguments: [
        "/// A thing.\npublic struct S {", "/// A thing.\n@frozen\npublic struct S {", "struct S {",
        "public var description: String { a }", "public static func == (a: S, b: S) -> Bool {",
        "public func hash(into hasher: inout Hasher) {", "public let key: LockKey", "public var id: ID { body.id }",
        "public init(key: LockKey) {",
        "public import Logging",
    ])
    func `what is documented, internal or plain is not`(_ text: String) { #expect(violations(text) == []) }

    @Test func `a backend's verbs are documented where they are asked for`() {
        let verb = "public func ask(_ id: Claim.ID) async throws(LockError) -> Removal {"
        #expect(violations(verb, "Sources/Holdfast/Backends/MemoryBackend.swift") == [])
        #expect(violations(verb, "Sources/Holdfast/Client/LockClient.swift") == [1])
    }

    @Test func `other modules are not the library`() {
        #expect(violations("public struct S {", "Sources/HoldfastCLI/F.swift") == [])
    }
}
