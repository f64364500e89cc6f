import Glibc

/// What stands behind the options of `run` and `once`: the names, and what is to run.
///
/// As bytes: the parser's strings are repaired UTF-8, and the raw arguments stand at the same places at the end.
struct CommandWords {
    let names: [UInt8]
    let work: RunPlan.Work

    /// - Parameters:
    ///   - words: what the parser left: everything from the first word that it does not know.
    ///   - nameIndex: where the name stands, where options stood behind it.
    ///   - script: of `-c`, where that stood before the words.
    ///   - descriptor: of `--fd`.
    ///   - command: for messages.
    init(
        _ words: [String], nameIndex: Int?, script: String?, descriptor: String? = nil, of command: String
    ) throws(Failure) {
        var index = Arguments.count - words.count
        try Arguments.checkUTF8(before: index)
        if let nameIndex {
            names = Arguments.bytes(at: nameIndex)
        } else {
            if words.first == "--" {
                index += 1
            } else if let word = words.first, word.hasPrefix("-") {
                throw Failure(
                    .usage, "unknown option \(Self.option(word)); a name that begins with - stands behind --")
            }
            guard index < Arguments.count else {
                throw Failure(.usage, "name the lock: holdfast \(command) NAME -- CMD")
            }
            names = Arguments.bytes(at: index)
            index += 1
        }
        let rest = Array((index..<Arguments.count).map(Arguments.bytes(at:)))
        // Else the lock would be taken before no such program is found.
        let first = rest.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard !Self.isOption(first) else {
            throw Failure(
                .usage, "unknown option \(Self.option(first)); a command that begins with - stands behind --")
        }
        if let descriptor {
            work = try Self.work(rest, script, inFile: descriptor)
        } else {
            work = .command(try Self.command(rest, script, of: command))
        }
    }

    private static func work(
        _ words: [[UInt8]], _ script: String?, inFile descriptor: String
    ) throws(Failure) -> RunPlan.Work {
        guard words.isEmpty, script == nil else { throw Failure(.usage, "--fd runs no command") }
        guard let number = Int32(descriptor), number > STDERR_FILENO, fcntl(number, F_GETFD) >= 0 else {
            throw Failure(
                .usage, "--fd \(descriptor): give the number of a file that the calling shell has open: 9>file")
        }
        return .descriptor(number)
    }

    /// The program and its arguments.
    ///
    /// - Parameters:
    ///   - words: what stands behind the lock's name.
    ///   - script: of `-c`, where that stood before the name.
    static func command(_ words: [[UInt8]], _ script: String?, of command: String) throws(Failure) -> [[UInt8]] {
        if let script {
            guard words.isEmpty else { throw Failure(.usage, "-c takes one argument, and nothing behind the name") }
            return shell(Array(script.utf8))
        }
        let first = words.first.map { String(decoding: $0, as: UTF8.self) }
        // As flock(1) has it.
        if first == "-c" || first == "--command" {
            guard words.count == 2 else { throw Failure(.usage, "-c takes exactly one argument") }
            return shell(words[1])
        }
        let program = first == "--" ? Array(words.dropFirst()) : words
        guard let file = program.first, !file.isEmpty else {
            throw Failure(.usage, "give a command to run: holdfast \(command) NAME -- CMD")
        }
        return program
    }

    /// Whether a word behind the name can be no command, and none of what announces one.
    static func isOption(_ word: String) -> Bool {
        word.hasPrefix("-") && !["--", "-c", "--command"].contains(word)
    }

    /// What may be said of a word: its value may be a secret.
    private static func option(_ word: String) -> Substring { word.prefix { $0 != "=" } }

    private static func shell(_ script: [UInt8]) -> [[UInt8]] {
        let shell = getenv("SHELL").map { String(cString: $0) } ?? ""
        return [Array((shell.isEmpty ? "/bin/sh" : shell).utf8), Array("-c".utf8), script]
    }
}
