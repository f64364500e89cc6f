import Testing

struct ArrowRuleTests {
    private func violations(_ rule: Rule, _ path: String, _ text: String) -> [Int] {
        rule.violations(path: path, text).map(\.line)
    }

    @Test(arguments: [
        ("Sources/Holdfast/F.swift", "import HoldfastSQLite"),
        ("Sources/HoldfastSQL/F.swift", "public import HoldfastSQLite"),
        ("Sources/HoldfastCLI/F.swift", "internal import CSQLite"),
        ("Sources/HoldfastTesting/F.swift", "import struct HoldfastStores.Stores"),
        ("Sources/Unknown/F.swift", "let a = 1"),
    ])
    func `an arrow that points up is found`(_ path: String, _ line: String) {
        #expect(violations(ArrowRules.imports, path, "\(line)\n") == [1])
    }

    @Test(arguments: [
        ("Sources/HoldfastSQLite/F.swift", "import CSQLite"),
        ("Sources/HoldfastStores/F.swift", "import HoldfastSQLite"),
        ("Sources/Holdfast/F.swift", "public import Logging"), ("Tests/HoldfastTests/F.swift", "import HoldfastSQLite"),
        ("Sources/Holdfast/F.swift", "// import HoldfastSQLite"),
    ])
    func `an arrow that points down is allowed`(_ path: String, _ line: String) {
        #expect(violations(ArrowRules.imports, path, "\(line)\n") == [])
    }

    @Test func `a file of the embedded store is wrapped in its trait`() {
        let path = "Sources/HoldfastSQLite/F.swift"
        #expect(violations(ArrowRules.wrapped, path, "// Why.\n#if SQLite\nlet a = 1\n#endif\n") == [])
        #expect(violations(ArrowRules.wrapped, path, "import CSQLite\n#if SQLite\nlet a = 1\n#endif\n") == [1])
        #expect(violations(ArrowRules.wrapped, path, "let a = 1\n") == [1])
        #expect(violations(ArrowRules.wrapped, "Sources/Holdfast/F.swift", "let a = 1\n") == [])
    }
}
