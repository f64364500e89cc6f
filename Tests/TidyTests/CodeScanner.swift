/// Blanks out what is not code: comments, the text between quotes, raw identifiers. Lines stay where they are.
///
/// Simple on purpose. What stands in an interpolation is blanked out with its string.
struct CodeScanner {
    private enum Context: Equatable {
        case lineComment
        case blockComment(depth: Int)
        case rawIdentifier
        case string(quotes: Int, hashes: Int)
        /// In a string: how many parentheses are open.
        case interpolation(depth: Int)
    }

    private var source: [Character]
    private var index = 0
    private var contexts: [Context] = []
    private var output = ""

    private init(_ text: String) { source = Array(text) }

    static func code(of text: String) -> String {
        var scanner = CodeScanner(text)
        while scanner.index < scanner.source.count { scanner.step() }
        return scanner.output
    }

    private mutating func step() {
        switch contexts.last {
        case nil: stepInCode()
        case .lineComment:
            if source[index] == "\n" { contexts.removeLast() }
            blank(1)
        case .blockComment(let depth): stepInBlockComment(depth)
        case .rawIdentifier:
            if source[index] == "`" || source[index] == "\n" { contexts.removeLast() }
            blank(1)
        case .string(let quotes, let hashes): stepInString(quotes, hashes)
        case .interpolation(let depth): stepInInterpolation(depth)
        }
    }

    private mutating func stepInCode() {
        if starts("//") {
            enter(.lineComment, 2)
        } else if starts("/*") {
            enter(.blockComment(depth: 1), 2)
        } else if source[index] == "`" {
            enter(.rawIdentifier, 1)
        } else if !enterString() {
            output.append(source[index])
            index += 1
        }
    }

    private mutating func stepInBlockComment(_ depth: Int) {
        if starts("/*") {
            replace(.blockComment(depth: depth + 1), 2)
        } else if starts("*/") {
            replace(depth == 1 ? nil : .blockComment(depth: depth - 1), 2)
        } else {
            blank(1)
        }
    }

    private mutating func stepInString(_ quotes: Int, _ hashes: Int) {
        let fence = String(repeating: "#", count: hashes)
        if starts("\\" + fence + "(") {
            enter(.interpolation(depth: 1), hashes + 2)
        } else if source[index] == "\\", hashes == 0 {
            blank(2)
        } else if starts(String(repeating: "\"", count: quotes) + fence) {
            replace(nil, quotes + hashes)
            markString()
        } else {
            blank(1)
        }
    }

    private mutating func stepInInterpolation(_ depth: Int) {
        if source[index] == "(" {
            replace(.interpolation(depth: depth + 1), 1)
        } else if source[index] == ")" {
            replace(depth == 1 ? nil : .interpolation(depth: depth - 1), 1)
        } else if !enterString() {
            blank(1)
        }
    }

    /// - Returns: whether a string begins here.
    private mutating func enterString() -> Bool {
        var hashes = 0
        while index + hashes < source.count, source[index + hashes] == "#" { hashes += 1 }
        guard index + hashes < source.count, source[index + hashes] == "\"" else { return false }
        let quotes = starts("\"\"\"", at: index + hashes) ? 3 : 1
        enter(.string(quotes: quotes, hashes: hashes), hashes + quotes)
        markString()
        return true
    }

    private func starts(_ text: String, at start: Int? = nil) -> Bool {
        source[(start ?? index)...].starts(with: text)
    }

    private mutating func enter(_ context: Context, _ count: Int) {
        contexts.append(context)
        blank(count)
    }

    private mutating func replace(_ context: Context?, _ count: Int) {
        contexts.removeLast()
        if let context { contexts.append(context) }
        blank(count)
    }

    /// A string's ends stay, so that an argument that is one is seen to be there.
    private mutating func markString() {
        output.removeLast()
        output.append("\"")
    }

    private mutating func blank(_ count: Int) {
        for character in source[index..<min(index + count, source.count)] { output += character == "\n" ? "\n" : " " }
        index += count
    }
}
