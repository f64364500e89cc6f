import ArgumentParser
import Holdfast

struct BreakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "break",
        abstract: "Ask the holders of NAME to let go, and wait for that or their expiry.",
        discussion: """
            With --force the claims are removed at once. Their holders go on until they notice: two may work then, \
            and only the fencing token protects what they write. Exit status 1 where nobody holds it, or somebody \
            still does.

            EXAMPLES
              holdfast break deploy                       ask, and wait
              holdfast break --wait 1m deploy || holdfast show deploy
              holdfast break --force --yes deploy -o json
            """)

    @Flag(help: "Remove the claims at once, after asking on a terminal.")
    var force = false

    @Flag(help: "With --force: do not ask.")
    var yes = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Wait for at most this long; until they expire.", valueName: "D"))
    var wait: String?

    @OptionGroup var output: OutputOption

    @OptionGroup var store: StoreOption

    @Argument(help: ArgumentHelp("The lock's name.", valueName: "NAME"), completion: NameCompletion.kind)
    var name: String

    mutating func run() throws {
        try Arguments.checkUTF8()
        let breaking = Breaking(
            key: try Arguments.key(Array(name.utf8)), isForced: force, mustAsk: force && !yes && Terminal.isInteractive,
            patience: try wait.map { text throws(Failure) in try DurationText.parse(text, for: "--wait") },
            format: try output.format() ?? .table)
        try store.resolve().command { try await breaking.run($0) }
    }
}
