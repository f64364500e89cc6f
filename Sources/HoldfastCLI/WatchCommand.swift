import ArgumentParser
import Glibc
import Holdfast

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow the locks that begin with PREFIX.",
        discussion: """
            On a terminal a table, drawn again twice a second; Ctrl-C ends it. Into a pipe or a file one line of JSON \
            for each change, the present state first: event is waiting, held, asked or gone, at is the time in unix \
            ms, the rest is as in ls -o json. It looks at the store at an interval: of what comes and goes in between \
            nothing is seen. Ends quietly when nobody reads any more; a signal ends it with 128 + signal.

            EXAMPLES
              holdfast watch
              holdfast watch deploy/ | jq -r 'select(.event == "held") | .key'
              holdfast watch --interval 5s >>locks.jsonl
            """)

    private static let usualInterval: Duration = .milliseconds(500)
    private static let shortestInterval: Duration = .milliseconds(50)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Look at the store this often: 500ms; the shortest is 50ms.", valueName: "D"))
    var interval: String?

    @OptionGroup var output: OutputOption

    @OptionGroup var store: StoreOption

    @Argument(
        help: ArgumentHelp("Only names that begin with this.", valueName: "PREFIX"), completion: NameCompletion.kind)
    var prefix = ""

    mutating func run() throws {
        try Arguments.checkUTF8()
        let watching = Watching(prefix: prefix, interval: try pause(), style: try style())
        let store = try store.resolve()
        // A blocked SIGPIPE is an error that `write` returns.
        let signals = try SignalGuard()
        store.command(
            beside: {
                let signal = signals.next()
                // Below the table, whose last line the cursor is on.
                if watching.style == .live { Terminal.print("\n") }
                ExitStatus.signalled(signal).exit()
            },
            { client in try await watching.run(client) })
    }

    private func pause() throws(Failure) -> Duration {
        guard let interval else { return Self.usualInterval }
        let pause = try DurationText.parse(interval, for: "--interval")
        guard pause >= Self.shortestInterval else {
            throw Failure(.usage, "--interval \(interval) is too short; the shortest is 50ms")
        }
        return pause
    }

    private func style() throws(Failure) -> Watching.Style {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        switch try output.format() {
        case .json: return .lines
        case .table: return isTerminal ? .live : .tables
        case nil: return isTerminal ? .live : .lines
        }
    }
}
