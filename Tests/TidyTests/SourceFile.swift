import Foundation
import Testing

/// One file of the repository, as the rules look at it.
struct SourceFile: Sendable {
    /// From the repository's root.
    let path: String
    let lines: [String]
    /// The same lines without comments and without what strings and raw identifiers say.
    let codeLines: [String]

    init(path: String, text: String) {
        self.path = path
        lines = Self.lines(of: text)
        codeLines = Self.lines(of: CodeScanner.code(of: text))
    }

    private static func lines(of text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// `Sources/Holdfast/Claims/Claim.swift` is of `Holdfast`.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
}

/// Something that a rule does not allow.
struct Violation: CustomStringConvertible, Equatable {
    let path: String
    let line: Int
    let message: String

    var description: String { "\(path):\(line): \(message)" }
}

/// One thing that holds for every file that it concerns: a pure function of the file.
struct Rule: Sendable, CustomTestStringConvertible {
    let name: String
    let check: @Sendable (SourceFile) -> [Violation]

    var testDescription: String { name }

    func violations(path: String, _ text: String) -> [Violation] { check(SourceFile(path: path, text: text)) }
}

/// The repository that these tests are built from.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let swiftFiles = Result { try readSwiftFiles() }

    private static func readSwiftFiles() throws -> [SourceFile] {
        try ["Sources", "Tests", "Examples"].flatMap { folder in
            let paths = FileManager.default.enumerator(atPath: root.appending(path: folder).path) ?? .init()
            return try paths.compactMap { $0 as? String }
                // What a tool wrote is not for readers.
                .filter { $0.hasSuffix(".swift") && !$0.contains(".build") && !$0.contains("/Generated/") }
                .map { "\(folder)/\($0)" }.sorted()
                .map { SourceFile(path: $0, text: try String(contentsOf: root.appending(path: $0), encoding: .utf8)) }
        }
    }
}
