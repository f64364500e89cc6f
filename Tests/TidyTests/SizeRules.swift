/// Nothing is longer than a reader's eye and patience.
enum SizeRules {
    static let fileLinesLimit = 400
    static let functionLinesLimit = 60
    static let lineLengthLimit = 120

    static let all = [fileLength, lineLength, functionLength]

    static let fileLength = Rule(name: "a file has at most \(fileLinesLimit) lines") { file in
        guard file.lines.count > fileLinesLimit else { return [] }
        return [Violation(path: file.path, line: file.lines.count, message: "\(file.lines.count) lines")]
    }

    static let lineLength = Rule(name: "a line has at most \(lineLengthLimit) columns") { file in
        file.lines.enumerated().filter { $0.element.count > lineLengthLimit }.map {
            Violation(path: file.path, line: $0.offset + 1, message: "\($0.element.count) columns")
        }
    }

    static let functionLength = Rule(name: "a function has at most \(functionLinesLimit) lines") { file in
        FunctionScanner.functions(in: file.codeLines).filter { $0.count > functionLinesLimit }.map {
            Violation(path: file.path, line: $0.lowerBound, message: "a function of \($0.count) lines")
        }
    }
}
