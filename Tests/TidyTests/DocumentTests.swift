import Foundation
import Testing

/// What the documents show is what is compiled, and what they point to is there.
struct DocumentTests {
    private static let documents = [
        "README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/architecture.md", "docs/performance.md", "docs/sqlite.md",
        "docs/vocabulary.md",
    ]

    private func text(of path: String) throws -> String {
        try String(contentsOf: Repository.root.appending(path: path), encoding: .utf8)
    }

    /// Without indentation, which differs between a document and its source.
    private func flat(_ text: some StringProtocol) -> String {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "\n")
    }

    @Test func `the example in the README is the one that is compiled`() throws {
        let readme = try text(of: "README.md")
        let section = try #require(readme.split(separator: "\n## ").first { $0.hasPrefix("In a Hummingbird app") })
        let blocks = section.split(separator: "```").filter { $0.hasPrefix("swift\n") }.map { $0.dropFirst(6) }
        let source = flat(try text(of: "Examples/HummingbirdService/Sources/HummingbirdService/Service.swift"))
        #expect(blocks.count == 3)
        for block in blocks { #expect(source.contains(flat(block)), "not in the source: \(block)") }
    }

    @Test(arguments: documents) func `links lead to files that are there`(_ path: String) throws {
        let folder = Repository.root.appending(path: path).deletingLastPathComponent()
        for link in try text(of: path).matches(of: /\]\(([^)#:]+)\)/) {
            let target = folder.appending(path: String(link.output.1)).standardizedFileURL.path
            #expect(FileManager.default.fileExists(atPath: target), "\(path) points to \(link.output.1)")
        }
    }

    @Test(arguments: documents) func `a heading that is linked to is there`(_ path: String) throws {
        let document = try text(of: path)
        let anchors = document.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
            line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
                .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                .replacing(" ", with: "-")
        }
        for link in document.matches(of: /\]\(#([^)]+)\)/) {
            #expect(anchors.contains(String(link.output.1)), "\(path) points to #\(link.output.1)")
        }
    }
}
