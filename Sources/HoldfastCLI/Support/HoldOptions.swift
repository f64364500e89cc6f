import ArgumentParser
import Holdfast

/// How long is waited for a lock, and how long it lives: what `run`, `lock` and `elect` have in common. The short flags
/// are those of flock(1).
struct HoldOptions: ParsableArguments {
    @Flag(
        name: [.customShort("n"), .customLong("nonblock"), .customLong("nb")],
        help: "Fail at once where the lock is not free.")
    var isImpatient = false

    @Option(
        name: [.customShort("w", allowingJoined: true), .customLong("wait"), .customLong("timeout")],
        parsing: .unconditional,
        help: ArgumentHelp("Wait for at most this long; 0 is -n.", valueName: "D"))
    var wait: String?

    @Option(
        name: [.customShort("E", allowingJoined: true), .customLong("conflict-exit-code")], parsing: .unconditional,
        help: ArgumentHelp("The exit status where the lock was not had in time; 1.", valueName: "CODE"))
    var conflictStatus: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How long the lock outlives a holder that went silent; 30s.", valueName: "D"))
    var ttl: String?

    @Option(
        name: .customLong("max-hold"), parsing: .unconditional,
        help: ArgumentHelp("Hold the lock for at most this long, and count it as lost then.", valueName: "D"))
    var maxHold: String?

    @Option(
        name: .customLong("name"), parsing: .unconditional,
        help: ArgumentHelp("What ls shows of this holder, beside host and process.", valueName: "TEXT"))
    var label: String?
}

extension HoldOptions {
    /// Checks everything.
    ///
    /// - Parameters:
    ///   - names: as on the command line, for messages.
    ///   - options: what the claim carries beside its modes.
    func plan(
        names: [UInt8], _ parts: [Claim.Part], _ settings: Settings, options: LockOptions = LockOptions()
    ) throws(Failure) -> ClaimPlan {
        guard Set(parts.map(\.key)).count == parts.count else { throw Failure(.usage, "a name is given twice") }
        guard parts.count <= Claim.keysLimit else {
            throw Failure(.usage, "\(parts.count) names in one claim: the most is \(Claim.keysLimit)")
        }
        let label = label ?? ""
        guard label.utf8.count <= Owner.labelBytesLimit else {
            throw Failure(.usage, "--name has at most \(Owner.labelBytesLimit) bytes")
        }
        return ClaimPlan(
            name: String(decoding: names, as: UTF8.self), parts: parts, wait: try waiting(),
            timeToLive: try timeToLive(settings), maxHold: try maxHold(settings), label: label,
            conflictStatus: try conflict(), options: options)
    }

    private func waiting() throws(Failure) -> Wait {
        guard let wait else { return isImpatient ? .no : .forever }
        guard !isImpatient else { throw Failure(.usage, "choose -n or -w") }
        let duration = try DurationText.parse(wait, for: "-w", allowsZero: true)
        return duration == .zero ? .no : .upTo(duration)
    }

    private func timeToLive(_ settings: Settings) throws(Failure) -> Duration {
        let bounds = LockClientConfiguration()
        guard let entry = settings.entry(.timeToLive, flag: ttl, name: "--ttl") else { return bounds.timeToLive }
        let duration = try DurationText.parse(entry.text, for: entry.origin)
        guard duration >= bounds.shortestTimeToLive, duration <= bounds.longestTimeToLive else {
            throw Failure(.usage, "\(entry.origin) \(entry.text): a time to live is 1s to 24h")
        }
        return duration
    }

    private func maxHold(_ settings: Settings) throws(Failure) -> Duration? {
        guard let entry = settings.entry(.maxHold, flag: maxHold, name: "--max-hold") else { return nil }
        return try DurationText.parse(entry.text, for: entry.origin)
    }

    private func conflict() throws(Failure) -> ExitStatus {
        guard let conflictStatus else { return .notHad }
        guard let code = UInt8(conflictStatus) else {
            throw Failure(.usage, "-E \(conflictStatus): an exit status is 0 to 255")
        }
        return ExitStatus(code: Int32(code))
    }
}
