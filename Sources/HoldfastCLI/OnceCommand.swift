import ArgumentParser
import Holdfast

struct OnceCommand: NamedFirst {
    static let configuration = CommandConfiguration(
        commandName: "once",
        abstract: "Run a command under the lock NAME, and never again after it succeeded.",
        usage: """
            holdfast once [OPTIONS] NAME [--] CMD...
            holdfast once [OPTIONS] NAME -c STRING
            """,
        discussion: """
            Options stand before the name, or right behind it. The command runs as under "holdfast run", one at a \
            time. Where it ends with status 0, that is recorded with what it printed, up to 32 KiB, before the lock is \
            released. Later calls print that and run nothing. Where it fails or dies, the next call runs it. A crash \
            of the machine between the command's end and the record lets it run once more: at least once, not exactly \
            once.

            EXAMPLES
              holdfast once migrate-2026-11 -- ./migrate
              holdfast once order-1234 --retention 30d -- ./ship 1234
              holdfast once -n --retention 23h nightly -c 'make report'
            """)

    @OptionGroup var claim: ClaimOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long it is remembered that the command succeeded; 7d.", valueName: "D"))
    var retention: String?

    @Flag(
        name: .customLong("record-failures"),
        help: "Remember an end with any status below 126; not one by a signal, or of a command that cannot be run.")
    var recordsFailures = false

    @Flag(
        name: .customLong("status-only"),
        help: "Keep nothing of what it prints: it has this command's standard output itself.")
    var statusOnly = false

    @OptionGroup var guarding: GuardOptions

    @OptionGroup var store: StoreOption

    @Argument(parsing: .captureForPassthrough, help: "The lock's name, and the command with its arguments.")
    var nameAndCommand: [String] = []

    mutating func run() throws {
        let (command, nameIndex) = try takingOptionsBehindName()
        var plan = try command.plan(nameIndex)
        try plan.store.prepareLiveness()
        var front = try Front(plan)
        front.run()
    }

    private func plan(_ nameIndex: Int?) throws(Failure) -> RunPlan {
        guard !claim.isPath else {
            throw Failure(.usage, "--path: what runs once is recorded under one name; leave it out")
        }
        let settings = try Settings()
        let words = try CommandWords(
            nameAndCommand, nameIndex: nameIndex, script: guarding.script, of: "once")
        let claim = try claim.plan(names: words.names, settings)
        guard claim.parts.count == 1 else {
            throw Failure(.usage, "what runs once has one name; a comma in it is written \\,")
        }
        guard claim.mode == .exclusive else {
            throw Failure(.usage, "what runs once has the lock alone: leave out -s and --permits")
        }
        var plan = RunPlan(
            claim: claim, killAfter: try guarding.killAfter(settings, claim.timeToLive), minHold: nil,
            onLost: .kill, endsWithCommand: false, voice: try guarding.voice(),
            store: try store.resolveShared(settings), work: words.work)
        plan.once = OncePlan(
            retention: try keptFor(), recordsFailures: recordsFailures, keepsOutput: !statusOnly)
        return plan
    }

    private func keptFor() throws(Failure) -> Duration {
        guard let retention else { return OncePlan.usualRetention }
        let duration = try DurationText.parse(retention, for: "--retention")
        guard Record.timeToLiveRange.contains(duration) else {
            throw Failure(.usage, "--retention \(retention): it is remembered for 1s to 87600h")
        }
        return duration
    }
}
