import Foundation

/// Every public declaration of the library says what it is for.
enum DocumentationRule {
    /// Known from the protocol that asks for them.
    private static let excused = [
        #"(var|let) (description|debugDescription|hashValue|rawValue|testDescription)\b"#,
        #"static func (==|<|>|<=|>=) ?\("#, #"func (hash|encode)\("#,
        #"init\??\((from decoder|rawValue|stringLiteral|stringInterpolation|_ description)\b"#,
    ]

    /// A stored field, one that is passed on, and an initialiser say by their names what they are, or carry a comment.
    private static let plain = [
        #"(var|let) \w+(:| =)[^{]*$"#, #"var (\w+): [^{]*\{ \w+\.\1 \}$"#, #"\binit[(<]"#,
    ]

    /// The verbs are documented where they are asked for.
    private static let verbs =
        #"\b(func (run|place|grant|extend|remove|ask|annotate|claims|hints)\(|"#
        + #"var (capabilities: BackendCapabilities|records: \(any RecordStore\)\?) \{)"#

    static let all = [documented]

    static let documented = Rule(name: "public declarations are documented") { file in
        guard file.module == "Holdfast" else { return [] }
        let excused = excused + plain + (file.path.contains("/Backends/") ? [verbs] : [])
        return file.codeLines.enumerated().compactMap { index, line in
            guard CallRules.matches(#"^\s*(@\w+\s+)*public\s+"#, line),
                CallRules.matches(
                    #"\b(func|struct|enum|class|actor|protocol|typealias|subscript|var|let|init)\b"#, line),
                !excused.contains(where: { CallRules.matches($0, line) }),
                !isDocumented(index, in: file)
            else { return nil }
            return Violation(path: file.path, line: index + 1, message: "no doc comment")
        }
    }

    /// Attributes may stand between.
    private static func isDocumented(_ index: Int, in file: SourceFile) -> Bool {
        var above = index - 1
        while above >= 0, file.lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("@") { above -= 1 }
        return above >= 0 && file.lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("///")
    }
}
