import ArgumentParser
import Holdfast

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Hold the lock NAME while a command runs, and pass its exit status through.",
        usage: "holdfast run [-n | -w D] [-s | --permits N/LIMIT] [--ttl D] [-E CODE] [--store URL] NAME [--] CMD...",
        discussion: """
            The command sees HOLDFAST_NAME, HOLDFAST_TOKEN, HOLDFAST_MODE, HOLDFAST_EXPIRES_AT (unix ms of the first \
            deadline), HOLDFAST_STORE_KIND and HOLDFAST_PID. The lock is held until nothing that the command started \
            runs any more. Where the lock is lost, all of that is stopped: exit status 79. A command that is not found \
            is 127, one that cannot be executed 126, one that was killed 128 + signal. Durations: 500ms, 1.5s, 30, 5m, \
            2h.
            """)

    @Flag(name: [.customShort("n"), .customLong("nonblock")], help: "Fail at once where the lock is not free.")
    var isImpatient = false

    @Option(
        name: [.customShort("w"), .customLong("wait")], parsing: .unconditional,
        help: ArgumentHelp("Wait for at most this long; 0 is -n.", valueName: "D"))
    var wait: String?

    @Flag(name: [.customShort("s"), .customLong("shared")], help: "Share the lock with other readers.")
    var isShared = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Take N of LIMIT permits: a semaphore.", valueName: "N/LIMIT"))
    var permits: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long the lock outlives a holder that went silent; 30s.", valueName: "D"))
    var ttl: String?

    @Option(
        name: [.customShort("E"), .customLong("conflict-exit-code")], parsing: .unconditional,
        help: ArgumentHelp("The exit status where the lock was not had in time; 1.", valueName: "CODE"))
    var conflictStatus: String?

    @OptionGroup var store: StoreOption

    @Argument(parsing: .captureForPassthrough, help: "The lock's name, and the command with its arguments.")
    var nameAndCommand: [String] = []

    mutating func run() throws {
        // The parser leaves everything from the first word that it does not know to us.
        if let word = nameAndCommand.first, word == "--help" || word == "-h" { throw CleanExit.helpRequest(self) }
        var plan = try plan()
        try plan.store.prepareLiveness()
        var front = try Front(plan)
        front.run()
    }

    private func plan() throws(Failure) -> RunPlan {
        // The parser's strings are repaired UTF-8; the bytes are at the same places at the end of the raw arguments.
        var index = Arguments.count - nameAndCommand.count
        try Arguments.checkUTF8(before: index)
        var words = nameAndCommand[...]
        if words.first == "--" {
            words = words.dropFirst()
            index += 1
        } else if let word = words.first, word.hasPrefix("-") {
            throw Failure(.usage, "unknown option \(word); a name that begins with - stands behind --")
        }
        guard !words.isEmpty else { throw Failure(.usage, "name the lock: holdfast run NAME -- CMD") }
        let key = try Arguments.key(Arguments.bytes(at: index))
        words = words.dropFirst()
        index += 1
        if words.first == "--" {
            words = words.dropFirst()
            index += 1
        }
        guard let program = words.first, !program.isEmpty else {
            throw Failure(.usage, "give a command to run: holdfast run NAME -- CMD")
        }
        return RunPlan(
            key: key, mode: try mode(), wait: try waiting(), timeToLive: try timeToLive(),
            conflictStatus: try conflict(), store: try store.resolve(), commandIndex: index)
    }

    private func mode() throws(Failure) -> LockMode {
        guard let permits else { return isShared ? .shared : .exclusive }
        guard !isShared else { throw Failure(.usage, "choose -s or --permits") }
        let numbers = permits.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let count = numbers[0], let limit = numbers[1] else {
            throw Failure(.usage, "--permits \"\(permits)\": write N/LIMIT, such as 1/4")
        }
        let mode = LockMode.permits(count, of: limit)
        do throws(LockError) { try mode.validate() } catch { throw Failure(error) }
        return mode
    }

    private func waiting() throws(Failure) -> Wait {
        guard let wait else { return isImpatient ? .no : .forever }
        guard !isImpatient else { throw Failure(.usage, "choose -n or -w") }
        let duration = try DurationText.parse(wait, for: "-w", allowsZero: true)
        return duration == .zero ? .no : .upTo(duration)
    }

    private func timeToLive() throws(Failure) -> Duration {
        let bounds = LockClientConfiguration()
        guard let ttl else { return bounds.timeToLive }
        let duration = try DurationText.parse(ttl, for: "--ttl")
        guard duration >= bounds.shortestTimeToLive, duration <= bounds.longestTimeToLive else {
            throw Failure(.usage, "--ttl \(ttl): a time to live is 1s to 24h")
        }
        return duration
    }

    private func conflict() throws(Failure) -> ExitStatus {
        guard let conflictStatus else { return .notHad }
        guard let code = UInt8(conflictStatus) else {
            throw Failure(.usage, "-E \(conflictStatus): an exit status is 0 to 255")
        }
        return ExitStatus(code: Int32(code))
    }
}
