import Testing

struct SizeRuleTests {
    private func function(lines: Int, _ head: String = "func long()") -> String {
        "struct S {\n    \(head) {\n" + String(repeating: "        work()\n", count: lines - 2) + "    }\n}\n"
    }

    @Test func `a file of 401 lines is too long`() {
        let line = "let a = 1\n"
        #expect(SizeRules.fileLength.violations(path: "F.swift", String(repeating: line, count: 400)).isEmpty)
        #expect(SizeRules.fileLength.violations(path: "F.swift", String(repeating: line, count: 401)).count == 1)
    }

    @Test func `a line of 121 columns is too long`() {
        let good = String(repeating: "é", count: 120)
        #expect(SizeRules.lineLength.violations(path: "F.swift", good + "\n").isEmpty)
        #expect(SizeRules.lineLength.violations(path: "F.swift", "\n" + good + "x\n").map(\.line) == [2])
    }

    @Test(arguments: ["func long()", "init(_ a: () -> Int = { 1 })", "init?(a: Int) throws(E)", "deinit"])
    func `a function of 61 lines is too long`(_ head: String) {
        #expect(SizeRules.functionLength.violations(path: "F.swift", function(lines: 60, head)).isEmpty)
        #expect(SizeRules.functionLength.violations(path: "F.swift", function(lines: 61, head)).map(\.line) == [2])
    }

    @Test func `braces in strings, comments and test names do not count`() {
        let text = """
            func `a name with a {`() {
                let a = "{ \\(b("{")) {"  // {
                /* { */
            }
            func next() {}
            """
        let lines = SourceFile(path: "F.swift", text: text).codeLines
        #expect(FunctionScanner.functions(in: lines) == [1...4, 5...5])
    }

    @Test func `requirements and calls of initialisers have no body`() {
        let text = """
            protocol P {
                func a() async throws -> Int
                init(b: Int)
            }
            let c = S.init(1)
            struct S {
                func d() -> (Int) -> Int {
                    self.init()
                }
            }
            """
        #expect(FunctionScanner.functions(in: SourceFile(path: "F.swift", text: text).codeLines) == [7...9])
    }
}
