import Foundation

/// What `Sources` must not call, and why.
enum CallRules {
    static let all = [
        banned(#"\bTask\s*(<[^>]*>)?\s*(\.init)?\s*[({]"#, "an unstructured task", "use a task group inside run()")
            .except(
                "Sources/HoldfastCLI/Support/Concurrency.swift",
                "Sources/HoldfastTesting/Simulation/SimulationExecutor.swift"),
        banned(#"\bTask\s*\.\s*detached\b"#, "a detached task", "use a task group inside run()"),
        banned(#"\bTask\s*\.\s*sleep\b"#, "sleeping on no clock of ours", "use a Timekeeper"),
        banned(#"\bDate\s*\("#, "the wall clock", "use a Timekeeper"),
        banned(
            #"^\s*((public|package|internal|private|fileprivate|@\w+(\(\w+\))?)\s+)*import\s+Foundation"#,
            "Foundation", "it costs the command milliseconds at every start"
        )
        // The generated messages keep bytes in its Data; records are JSON, by what ArgumentParser brings anyway.
        .except("Sources/HoldfastEtcd/Wire/Data+Bytes.swift", "Sources/Holdfast/Records/RecordCoding.swift"),
        banned(#"\btry!"#, "try!", "handle the error, or say why there is none"),
        banned(#"\b(fatalError|preconditionFailure)\s*\(\s*\)"#, "a trap without a message", "say what is broken"),
        banned(#"(?<![\w.])(print|debugPrint)\s*\("#, "printing from a library", "use the logger")
            .except("Sources/HoldfastCLI/"),
        leftover, unproved,
    ]

    /// Looks at code only, so that comments may speak of what is banned.
    static func banned(_ pattern: String, _ what: String, _ instead: String) -> Rule {
        Rule(name: "banned: \(what)") { file in
            guard file.module != nil else { return [] }
            return file.codeLines.enumerated().filter { matches(pattern, $0.element) }.map {
                Violation(path: file.path, line: $0.offset + 1, message: "\(what): \(instead)")
            }
        }
    }

    static let leftover = Rule(name: "nothing is left to do") { file in
        guard file.module != nil else { return [] }
        return file.lines.enumerated().filter { matches(#"\b(TODO|FIXME|XXX)\b"#, $0.element) }.map {
            Violation(path: file.path, line: $0.offset + 1, message: "a note of unfinished work")
        }
    }

    /// The proof stands within three lines above, or right below.
    static let unproved = Rule(name: "what the compiler does not check is proved in a comment") { file in
        guard file.module != nil else { return [] }
        return file.codeLines.enumerated().filter {
            matches(#"@unchecked\s+Sendable|nonisolated\(unsafe\)"#, $0.element)
        }.compactMap { index, _ in
            let near = file.lines[max(0, index - 3)...min(index + 1, file.lines.count - 1)]
            guard !near.contains(where: { $0.contains("//") }) else { return nil }
            return Violation(path: file.path, line: index + 1, message: "no comment says why it is safe")
        }
    }

    static func matches(_ pattern: String, _ line: String) -> Bool {
        line.range(of: pattern, options: .regularExpression) != nil
    }
}

extension Rule {
    /// The few files or folders that the rule is not for.
    func except(_ prefixes: String...) -> Rule {
        Rule(name: name) { file in prefixes.contains(where: file.path.hasPrefix) ? [] : check(file) }
    }
}
