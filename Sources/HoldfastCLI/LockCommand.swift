import ArgumentParser
import Holdfast

struct LockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Hold the lock NAME until a signal comes or standard input ends.",
        usage: "holdfast lock [OPTIONS] NAME[,NAME...]",
        discussion: """
            Prints one line of JSON when the lock is held: keys, token (as text), mode, id, owner, expires_at (unix \
            ms of the first deadline) and time_left_ms. The lock is renewed until INT, TERM, HUP or QUIT comes, or \
            until standard input ends; then it is released: exit status 0. Where it is lost before, a second line says \
            why, {"event":"lost","reason":"..."}, and the exit status is 79: stop at once what the lock protected.

            The end of a pipe, a socket or a terminal counts. That of a file does not, nor does /dev/null: holdfast \
            lock k </dev/null holds until a signal comes. A signal while it waits gives up: 128 + signal. Several \
            names are one claim: all are held, or none.

            Nothing stops what you run meanwhile when the lock is lost. holdfast run does that.

            EXAMPLES
              holdfast lock deploy                        until Ctrl-D or Ctrl-C
              coproc LOCK { holdfast lock -w 30s deploy; }
              read -r handle <&"${LOCK[0]}" || exit 75    # not had in time
              token=$(jq -r .token <<<"$handle")
              eval "exec ${LOCK[1]}>&-"; wait "$LOCK_PID" # release
            """)

    @OptionGroup var claim: ClaimOptions

    @OptionGroup var store: StoreOption

    @Argument(
        help: ArgumentHelp("The lock's name, or several, as one claim.", valueName: "NAMES"),
        completion: NameCompletion.kind)
    var names: String

    mutating func run() throws {
        try Arguments.checkUTF8()
        let settings = try Settings()
        let holding = Holding(
            plan: try claim.plan(names: Array(names.utf8), settings), owner: .current(), end: Holding.End())
        let store = try store.resolveShared(settings)
        var watch = try HoldEnd()
        Concurrency.run(
            beside: { Self.end(holding.end, with: &watch, otherwise: holding.plan.conflictStatus) },
            {
                do {
                    return try await LockClient.withClient(
                        backend: try store.open(TroubleLog.logger(Terminal.sayWithoutWaiting)),
                        configuration: holding.configuration
                    ) { await holding.run($0) }
                } catch {
                    return Failure(error).report()
                }
            })
    }

    /// - Parameter otherwise: the status where the input ends before the lock is held.
    private static func end(_ end: Holding.End, with watch: inout HoldEnd, otherwise: ExitStatus) -> Never {
        var hasEnded = false
        while true {
            switch watch.wait() {
            case .input: end.set(otherwise)
            // Whoever sends a second one does not want to wait for the release.
            case .signal(let signal) where hasEnded: ExitStatus.signalled(signal).exit()
            case .signal(let signal):
                hasEnded = true
                end.set(.signalled(signal))
            }
        }
    }
}
