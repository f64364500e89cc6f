import Testing

struct CallRuleTests {
    private func violations(_ text: String, _ path: String = "Sources/Holdfast/F.swift") -> [Int] {
        let file = SourceFile(path: path, text: text)
        return CallRules.all.flatMap { $0.check(file) }.map(\.line)
    }

    @Test(arguments: [
        "Task { await a() }", "Task<Void, Never> { }", "Task(priority: .high) { }", "Task.detached { }",
        "try await Task.sleep(for: .seconds(1))", "let now = Date()", "import Foundation",
        "internal import FoundationEssentials", "try! a()", "fatalError()", "preconditionFailure( )", "print(a)",
        "// TODO: later", "let a = 1  // FIXME", "final class A: @unchecked Sendable {}",
        "nonisolated(unsafe) var a = 1",
    ])
    func `a banned call is found`(_ line: String) { #expect(violations("let before = 1\n\(line)\n") == [2]) }

    @Test(arguments: [
        "group.addTask { await a() }", "Task.isCancelled", "Task.yield()", "/// Never `Task { }` nor `Date()`.",
        "let text = \"print(a) and Task.sleep\"", "let updates = Update(1)", "fatalError(\"why\")", "terminal.print(a)",
        "func blueprint(a: Int) {}", "import Glibc", "try a()", "withTaskGroup { }",
        "// One thread touches it.\nfinal class A: @unchecked Sendable {}",
        "struct A: @unchecked Sendable {\n    // The memory is never freed.",
    ])
    func `what looks like one is not`(_ text: String) { #expect(violations(text + "\n") == []) }

    @Test func `tests may call what sources may not`() {
        #expect(violations("Task { }\nprint(1)\n", "Tests/HoldfastTests/F.swift") == [])
    }

    @Test func `the command prints, and begins with one task`() {
        #expect(violations("print(1)\n", "Sources/HoldfastCLI/F.swift") == [])
        #expect(violations("Task { }\n", "Sources/HoldfastCLI/Support/Concurrency.swift") == [])
        #expect(violations("Task { }\n", "Sources/HoldfastCLI/F.swift") == [1])
    }
}
