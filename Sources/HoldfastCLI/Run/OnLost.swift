import Glibc

/// What happens to the command where the lock is lost.
enum OnLost: Sendable, Equatable {
    /// TERM, and KILL before another can hold the lock.
    case kill
    /// One signal; the command goes on at its own risk.
    case signal(Int32)
    /// It is told on standard error, and nothing else.
    case ignore

    private static let signals: [String: Int32] = [
        "HUP": SIGHUP, "INT": SIGINT, "QUIT": SIGQUIT, "KILL": SIGKILL, "USR1": SIGUSR1, "USR2": SIGUSR2,
        "ALRM": SIGALRM, "TERM": SIGTERM, "CONT": SIGCONT, "STOP": SIGSTOP, "TSTP": SIGTSTP, "WINCH": SIGWINCH,
        "ABRT": SIGABRT,
    ]

    /// - Parameter option: what is wrong, for the message.
    init(_ text: String, for option: String) throws(Failure) {
        switch text {
        case "kill": self = .kill
        case "ignore": self = .ignore
        default:
            guard text.hasPrefix("signal:") else {
                throw Failure(.usage, "\(option) \"\(text)\": write kill, signal:USR1 or ignore")
            }
            var name = text.dropFirst("signal:".count).uppercased()
            if name.hasPrefix("SIG") { name.removeFirst(3) }
            guard let signal = Self.signals[name] ?? Int32(name), (1...64).contains(signal) else {
                throw Failure(.usage, "\(option) \"\(text)\": no such signal; write one as TERM, SIGUSR1 or 10")
            }
            self = .signal(signal)
        }
    }
}
