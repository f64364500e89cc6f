import ArgumentParser

/// A command whose parser stops at the lock's name, and leaves it with all that stands behind it.
protocol NamedFirst: ParsableCommand {
    var nameAndCommand: [String] { get }
}

extension NamedFirst {
    /// The command with the options read that stand right behind the name, and where the name is where it had some.
    ///
    /// No command begins with a dash but behind `--`, so they can be nothing else. The words from the first that is no
    /// option of ours stand at the end of the command line, as before.
    func takingOptionsBehindName() throws -> (command: Self, nameIndex: Int?) {
        let words = nameAndCommand
        try help(words)
        // A name that begins with a dash stands behind --.
        let name = words.first == "--" ? 1 : 0
        guard words.count > name + 1, name == 1 || !words[0].hasPrefix("-"), CommandWords.isOption(words[name + 1])
        else { return (self, nil) }
        let wordsIndex = Arguments.count - words.count
        let nameIndex = wordsIndex + name
        let options = CommandLine.arguments[Arguments.commandIndex + 1..<wordsIndex]
        let command = try Self.parse(Array(options) + Array(words.dropFirst(name + 1)))
        try help(command.nameAndCommand)
        return (command, nameIndex)
    }

    /// The parser leaves everything from the first word that it does not know to us.
    private func help(_ words: [String]) throws {
        if let word = words.first, word == "--help" || word == "-h" { throw CleanExit.helpRequest(self) }
    }
}
