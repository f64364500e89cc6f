import ArgumentParser
import Holdfast

/// How a lock is wanted: what `run` and `lock` have in common. The short flags are those of flock(1).
struct ClaimOptions: ParsableArguments {
    @Flag(
        name: [.customShort("n"), .customLong("nonblock"), .customLong("nb")],
        help: "Fail at once where the lock is not free.")
    var isImpatient = false

    @Option(
        name: [.customShort("w", allowingJoined: true), .customLong("wait"), .customLong("timeout")],
        parsing: .unconditional,
        help: ArgumentHelp("Wait for at most this long; 0 is -n.", valueName: "D"))
    var wait: String?

    @Flag(name: [.customShort("s"), .customLong("shared")], help: "Share the lock with other readers.")
    var isShared = false

    @Flag(
        name: [.customShort("x"), .customShort("e"), .customLong("exclusive")],
        help: "Have the lock alone; the default.")
    var isExclusive = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Take N of LIMIT permits: a semaphore.", valueName: "N/LIMIT"))
    var permits: String?

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

extension ClaimOptions {
    /// Checks everything.
    ///
    /// - Parameter names: as on the command line: `a,b,c` is one claim on three keys; `\,` is a comma in a name.
    func plan(names: [UInt8], _ settings: Settings) throws(Failure) -> ClaimPlan {
        let mode = try mode()
        var parts: [Claim.Part] = []
        for name in Self.split(names) { parts.append(Claim.Part(try Arguments.key(name), mode)) }
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
            conflictStatus: try conflict())
    }

    private static func split(_ names: [UInt8]) -> [[UInt8]] {
        let (comma, backslash) = (UInt8(ascii: ","), UInt8(ascii: "\\"))
        var result: [[UInt8]] = [[]]
        for byte in names {
            guard byte == comma else {
                result[result.count - 1].append(byte)
                continue
            }
            if result[result.count - 1].last == backslash {
                result[result.count - 1][result[result.count - 1].count - 1] = comma
            } else {
                result.append([])
            }
        }
        return result
    }

    private func mode() throws(Failure) -> LockMode {
        guard !isShared || !isExclusive else { throw Failure(.usage, "choose -s or -x") }
        guard let permits else { return isShared ? .shared : .exclusive }
        guard !isShared, !isExclusive else { throw Failure(.usage, "choose -s, -x or --permits") }
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
