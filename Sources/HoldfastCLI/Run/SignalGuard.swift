import CHoldfastProcess
import Glibc

/// The front's signals: blocked and read from a descriptor, and put back as they were before CMD starts.
struct SignalGuard {
    /// Those that are passed on to CMD.
    private static let forwarded = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    let descriptor: Int32
    private let previousMask: sigset_t
    private let childrenWereIgnored: Bool

    /// Blocks the signals; what was ignored when the command started (`nohup`) stays ignored, here and in CMD.
    ///
    /// The stop signals of a terminal are left alone: Ctrl-Z stops the front with the rest of its job.
    init() throws(Failure) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in Self.forwarded where hf_is_ignored(signal) == 0 { sigaddset(&signals, signal) }
        sigaddset(&signals, SIGCHLD)
        // An ignored SIGCHLD would take the children's statuses with it.
        childrenWereIgnored = hf_is_ignored(SIGCHLD) != 0
        signal(SIGCHLD, SIG_DFL)
        var blocked = signals
        sigaddset(&blocked, SIGPIPE)
        // With `stty tostop` a word from the background would stop the guardian.
        sigaddset(&blocked, SIGTTOU)
        var previous = sigset_t()
        sigprocmask(SIG_BLOCK, &blocked, &previous)
        previousMask = previous
        descriptor = hf_signal_descriptor(&signals)
        guard descriptor >= 0 else {
            throw Failure(.internalError, "no signal descriptor: \(String(cString: strerror(errno)))")
        }
    }

    func restore() {
        if childrenWereIgnored { signal(SIGCHLD, SIG_IGN) }
        var mask = previousMask
        sigprocmask(SIG_SETMASK, &mask, nil)
    }
}
