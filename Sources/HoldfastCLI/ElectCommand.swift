import ArgumentParser
import Glibc
import Holdfast

struct ElectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "elect",
        abstract: "Campaign for NAME, and run a command while elected; or tell who leads.",
        usage: """
            holdfast elect [OPTIONS] NAME -- CMD...
            holdfast elect [OPTIONS] NAME -c STRING
            holdfast elect --observe [OPTIONS] NAME
            """,
        discussion: """
            The candidate who came first leads; what it proposes is seen by all, from the moment at which it leads. \
            When the command ends it resigns, and the next candidate is elected. Where the leadership is lost, all \
            that the command started is stopped before another can lead: exit status 79. The command sees what one \
            under run sees. With --observe, a line for each change, the present state first: a leader with its \
            proposal, none, or unknown where the store cannot be asked; a signal ends it with 128 + signal.

            EXAMPLES
              holdfast elect scheduler -- ./scheduler
              holdfast elect --proposal 10.0.0.5:8080 api -- ./serve --primary
              holdfast elect --observe -o json api | jq -r 'select(.proposal).proposal'
            """)

    private static let usualInterval: Duration = .seconds(1)
    private static let intervalRange: ClosedRange<Duration> = .milliseconds(50) ... .seconds(3600)

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What others see of this candidate; the host's name.", valueName: "TEXT"))
    var proposal: String?

    @Flag(help: "Run nothing: tell who leads, and of each change.")
    var observe = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("With --observe, look at the store this often; 1s.", valueName: "D"))
    var interval: String?

    @OptionGroup var output: OutputOption

    @OptionGroup var hold: HoldOptions

    @OptionGroup var guarding: GuardOptions

    @OptionGroup var loss: OnLostOption

    @OptionGroup var store: StoreOption

    @Argument(help: ArgumentHelp("What is campaigned for.", valueName: "NAME"), completion: NameCompletion.kind)
    var name: String

    @Argument(parsing: .postTerminator, help: "The command with its arguments.")
    var command: [String] = []

    mutating func run() throws {
        let commandStart = Arguments.count - command.count
        try Arguments.checkUTF8(before: commandStart)
        let settings = try Settings()
        let key = try Arguments.key(Array(name.utf8))
        guard !observe else { return try observe(key, settings) }
        guard interval == nil, output.output == nil else {
            throw Failure(.usage, "--interval and -o are for --observe")
        }
        let words = (commandStart..<Arguments.count).map(Arguments.bytes(at:))
        var plan = try plan(key, try CommandWords.command(words, guarding.script, of: "elect"), settings)
        try plan.store.prepareLiveness()
        var front = try Front(plan)
        front.run()
    }

    private func plan(_ key: LockKey, _ command: [[UInt8]], _ settings: Settings) throws(Failure) -> RunPlan {
        let options: LockOptions
        do throws(LockError) {
            options = try Election.options(proposal: proposal ?? Owner.current().host)
        } catch {
            throw Failure(error)
        }
        let claim = try hold.plan(names: Array(name.utf8), [Claim.Part(key)], settings, options: options)
        return RunPlan(
            claim: claim, killAfter: try guarding.killAfter(settings, claim.timeToLive), minHold: nil,
            onLost: try loss.onLost(settings), endsWithCommand: false, voice: try guarding.voice(),
            store: try store.resolveShared(settings), work: .command(command))
    }

    private func observe(_ key: LockKey, _ settings: Settings) throws {
        guard command.isEmpty, guarding.script == nil, proposal == nil else {
            throw Failure(.usage, "--observe proposes nothing, and runs no command")
        }
        var pause = Self.usualInterval
        if let interval {
            pause = try DurationText.parse(interval, for: "--interval")
            guard Self.intervalRange.contains(pause) else {
                throw Failure(.usage, "--interval \(interval): an observer looks every 50ms to 1h")
            }
        }
        let observing = Observing(key: key, interval: pause, isJSON: try output.format() == .json)
        let store = try store.resolveShared(settings)
        // A blocked SIGPIPE is an error that `write` returns.
        let signals = try SignalGuard()
        store.command(
            beside: { ExitStatus.signalled(signals.next()).exit() },
            { client in try await observing.run(client) })
    }
}
