import ArgumentParser
import Holdfast

/// How a command is run under a lock: what `run`, `once` and `elect` have in common.
struct GuardOptions: ParsableArguments {
    @Option(
        name: .customLong("kill-after"), parsing: .unconditional,
        help: ArgumentHelp(
            "What a command has between TERM and KILL where the lock is lost; 5s, at most a third of the ttl.",
            valueName: "D"))
    var killAfter: String?

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
        try RunPlan.killAfter(killAfter, settings, timeToLive)
    }
}

/// What becomes of a command whose lock is lost.
struct OnLostOption: ParsableArguments {
    @Option(
        name: .customLong("on-lost"), parsing: .unconditional,
        help: ArgumentHelp(
            "Where the lock is lost: kill the command, or send it one signal, or let it work on unprotected.",
            valueName: "kill|signal:SIG|ignore"))
    var onLost: String?

    func onLost(_ settings: Settings) throws(Failure) -> OnLost {
        guard let entry = settings.entry(.onLost, flag: onLost, name: "--on-lost") else { return .kill }
        return try OnLost(entry.text, for: entry.origin)
    }
}
