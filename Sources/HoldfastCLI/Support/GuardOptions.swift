import ArgumentParser
import Glibc
import Holdfast

/// How a command is run under a lock: what `run` and `elect` have in common.
struct GuardOptions: ParsableArguments {
    @Option(
        name: .customLong("kill-after"), parsing: .unconditional,
        help: ArgumentHelp(
            "What a command has between TERM and KILL where the lock is lost; 5s, at most a third of the ttl.",
            valueName: "D"))
    var killAfter: String?

    @Option(
        name: .customLong("on-lost"), parsing: .unconditional,
        help: ArgumentHelp(
            "Where the lock is lost: kill the command, or send it one signal, or let it work on unprotected.",
            valueName: "kill|signal:SIG|ignore"))
    var onLost: String?

    @Option(
        name: [.customShort("c"), .customLong("command")], parsing: .unconditional,
        help: ArgumentHelp("Run $SHELL -c STRING; also behind the name.", valueName: "STRING"))
    var script: String?

    @Flag(name: .shortAndLong, help: "Say nothing of the lock; the exit status tells.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say behind whom it waits, and for how long it waited.")
    var verbose = false
}

extension GuardOptions {
    func voice() throws(Failure) -> RunPlan.Voice {
        if quiet, verbose { throw Failure(.usage, "choose -q or -v") }
        return quiet ? .quiet : verbose ? .verbose : .normal
    }

    func killAfter(_ settings: Settings, _ timeToLive: Duration) throws(Failure) -> Duration {
        let longest = timeToLive / 3
        guard let entry = settings.entry(.killAfter, flag: killAfter, name: "--kill-after") else {
            return min(RunPlan.usualKillAfter, longest)
        }
        let duration = try DurationText.parse(entry.text, for: entry.origin, allowsZero: true)
        guard duration <= longest else {
            throw Failure(
                .usage, "\(entry.origin) \(entry.text) is more than a third of the time to live: raise --ttl")
        }
        return duration
    }

    func onLost(_ settings: Settings) throws(Failure) -> OnLost {
        guard let entry = settings.entry(.onLost, flag: onLost, name: "--on-lost") else { return .kill }
        return try OnLost(entry.text, for: entry.origin)
    }

    /// The program and its arguments.
    ///
    /// - Parameter words: what stands behind the lock's name, as bytes.
    func command(_ words: [[UInt8]], of subcommand: String) throws(Failure) -> [[UInt8]] {
        if let script {
            guard words.isEmpty else { throw Failure(.usage, "-c takes one argument, and nothing behind the name") }
            return Self.shell(Array(script.utf8))
        }
        let first = words.first.map { String(decoding: $0, as: UTF8.self) }
        // As flock(1) has it.
        if first == "-c" || first == "--command" {
            guard words.count == 2 else { throw Failure(.usage, "-c takes exactly one argument") }
            return Self.shell(words[1])
        }
        let command = first == "--" ? Array(words.dropFirst()) : words
        guard let program = command.first, !program.isEmpty else {
            throw Failure(.usage, "give a command to run: holdfast \(subcommand) NAME -- CMD")
        }
        return command
    }

    private static func shell(_ script: [UInt8]) -> [[UInt8]] {
        let shell = getenv("SHELL").map { String(cString: $0) } ?? ""
        return [Array((shell.isEmpty ? "/bin/sh" : shell).utf8), Array("-c".utf8), script]
    }
}
