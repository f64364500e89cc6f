import Foundation

/// Finds functions and initialisers by their words and braces, from the declaration to the closing brace.
struct FunctionScanner {
    private struct Token {
        let text: Substring
        let line: Int
    }

    /// A declaration without a body, as in a protocol, ends where the next one begins.
    private static let beginnings: Set<Substring> = [
        "func", "init", "deinit", "subscript", "var", "let", "case", "struct", "class", "enum", "actor", "extension",
        "protocol", "typealias", "associatedtype", "static", "public", "package", "internal", "private", "fileprivate",
        "mutating", "nonisolated", "import", "@",
    ]

    /// - Returns: the lines of each function, counted from 1.
    static func functions(in codeLines: [String]) -> [ClosedRange<Int>] {
        let tokens = tokens(of: codeLines)
        return tokens.indices.compactMap { index in
            guard begins(at: index, tokens), let open = body(after: index, tokens) else { return nil }
            return tokens[index].line...end(of: open, tokens)
        }
    }

    private static func tokens(of lines: [String]) -> [Token] {
        let word = /[A-Za-z_][A-Za-z0-9_]*|[{}()\[\].@]/
        return lines.enumerated().flatMap { number, line in
            line.matches(of: word).map { Token(text: $0.output, line: number + 1) }
        }
    }

    /// `self.init(…)` and `.init(…)` are calls.
    private static func begins(at index: Int, _ tokens: [Token]) -> Bool {
        switch tokens[index].text {
        case "func", "deinit": true
        case "init", "subscript": index == 0 || tokens[index - 1].text != "."
        default: false
        }
    }

    /// The brace that opens the body; `nil` where there is none.
    private static func body(after start: Int, _ tokens: [Token]) -> Int? {
        var depth = 0
        for index in tokens.indices.dropFirst(start + 1) {
            switch tokens[index].text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{" where depth == 0: return index
            case "}" where depth == 0: return nil
            case let text where depth == 0 && beginnings.contains(text): return nil
            default: break
            }
        }
        return nil
    }

    private static func end(of open: Int, _ tokens: [Token]) -> Int {
        var depth = 0
        for token in tokens[open...] {
            if token.text == "{" { depth += 1 }
            if token.text == "}" { depth -= 1 }
            if depth == 0 { return token.line }
        }
        return tokens.last?.line ?? 0
    }
}
