import Testing

struct TidyTests {
    static let rules = SizeRules.all + CallRules.all + ArrowRules.all + DocumentationRule.all

    @Test(arguments: rules)
    func `the repository keeps the rule`(_ rule: Rule) throws {
        for violation in try Repository.swiftFiles.get().flatMap(rule.check) { Issue.record("\(violation)") }
    }

    @Test func `the repository is looked at`() throws {
        let modules = Set(try Repository.swiftFiles.get().compactMap(\.module))
        #expect(modules.isSuperset(of: ["Holdfast", "HoldfastCLI", "HoldfastTesting"]))
    }
}
