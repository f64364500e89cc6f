import ArgumentParser

/// How a command shows what it found.
struct OutputOption: ParsableArguments {
    enum Format: String, CaseIterable {
        case table, json
    }

    @Option(
        name: [.customShort("o"), .customLong("output")], parsing: .unconditional,
        help: ArgumentHelp("table for people, json for programs.", valueName: "FORMAT"),
        completion: .list(Format.allCases.map(\.rawValue)))
    var output: String?

    /// - Parameter json: `--json`, which some commands had first.
    /// - Returns: nil where the command may choose.
    func format(json: Bool = false) throws(Failure) -> Format? {
        guard let output else { return json ? .json : nil }
        guard let format = Format(rawValue: output) else {
            throw Failure(.usage, "-o \"\(output)\": choose table or json")
        }
        guard !json || format == .json else { throw Failure(.usage, "choose --json or -o \(output)") }
        return format
    }
}
