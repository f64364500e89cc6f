import ArgumentParser
import Holdfast

struct RunCommand: NamedFirst {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Hold the lock NAME while a command runs, and pass its exit status through.",
        usage: """
            holdfast run [OPTIONS] NAME[,NAME...] [--] CMD...
            holdfast run [OPTIONS] NAME[,NAME...] -c STRING
            holdfast run [OPTIONS] --fd N NAME[,NAME...]
            """,
        discussion: """
            Options stand before the name, or right behind it. Several names are one claim: all are held, or none. The \
            command sees HOLDFAST_NAME, HOLDFAST_TOKEN, HOLDFAST_MODE, HOLDFAST_EXPIRES_AT (unix ms of the first \
            deadline), HOLDFAST_STORE_KIND and HOLDFAST_PID. The lock is held until nothing that the command started \
            runs any more. Where the lock is lost, all of that is stopped before another can hold it: exit status 79. \
            A command that is not found is 127, one that cannot be executed 126, one that was killed 128 + signal. \
            Durations: 500ms, 1.5s, 30, 5m, 2h.

            EXAMPLES
              holdfast run backup -- ./backup.sh          wait for the lock, then run
              holdfast run -n nightly -- ./nightly.sh     one start runs, the others exit 1
              holdfast run -w 30s -E 75 db,cache -- ./migrate
              holdfast run --permits 1/4 encode -- ffmpeg -i in.mov out.mp4
              holdfast run --min-hold 50s -n report -c 'make report | mail ops'
            """)

    @OptionGroup var claim: ClaimOptions

    @Option(
        name: .customLong("min-hold"), parsing: .unconditional,
        help: ArgumentHelp(
            "Keep the lock for at least this long, so that what is started once per period runs once.",
            valueName: "D"))
    var minHold: String?

    @OptionGroup var guarding: GuardOptions

    @OptionGroup var loss: OnLostOption

    @Flag(
        name: [.customShort("o"), .customLong("close")],
        help: "End the lock with the command itself, whatever it left running.")
    var close = false

    @Option(
        name: .customLong("fd"), parsing: .unconditional,
        help: ArgumentHelp(
            "Run nothing: return when the lock is held, and hold it until the calling shell has closed its file N.",
            valueName: "N"))
    var descriptor: String?

    @Flag(name: [.customShort("u"), .customLong("unlock")], help: .hidden)
    var unlock = false

    @Flag(name: [.customShort("F"), .customLong("no-fork")], help: .hidden)
    var noFork = false

    @OptionGroup var store: StoreOption

    @Argument(parsing: .captureForPassthrough, help: "The lock's name, and the command with its arguments.")
    var nameAndCommand: [String] = []

    mutating func run() throws {
        let (command, nameIndex) = try takingOptionsBehindName()
        var plan = try command.plan(nameIndex)
        if case .descriptor(let number) = plan.work { plan.departure = try Departure(leaving: number) }
        try plan.store.prepareLiveness()
        var front = try Front(plan)
        front.run()
    }

    private func plan(_ nameIndex: Int?) throws(Failure) -> RunPlan {
        if unlock { throw Failure(.usage, "-u: there is nothing to unlock; a lock ends with its command") }
        if noFork { throw Failure(.usage, "-F: holdfast stays beside the command, which it guards") }
        let settings = try Settings()
        let words = try CommandWords(
            nameAndCommand, nameIndex: nameIndex, script: guarding.script, descriptor: descriptor, of: "run")
        let claim = try claim.plan(names: words.names, settings)
        return RunPlan(
            claim: claim, killAfter: try guarding.killAfter(settings, claim.timeToLive), minHold: try minHold(claim),
            onLost: try loss.onLost(settings), endsWithCommand: close || descriptor != nil,
            voice: try guarding.voice(), store: try store.resolveShared(settings), work: words.work)
    }

    private func minHold(_ claim: ClaimPlan) throws(Failure) -> Duration? {
        guard let minHold else { return nil }
        let duration = try DurationText.parse(minHold, for: "--min-hold")
        if let maxHold = claim.maxHold, duration > maxHold {
            throw Failure(
                .usage, "--min-hold \(minHold) is longer than the lock may be held: lower it, or raise --max-hold")
        }
        return duration
    }
}
