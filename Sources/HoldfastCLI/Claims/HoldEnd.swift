import CHoldfastProcess
import Glibc

/// What ends a `holdfast lock` from outside: a signal, or the end of its standard input.
struct HoldEnd {
    enum Cause {
        case signal(Int32)
        case input
    }

    private let signals: SignalGuard
    private var watchesInput: Bool

    /// Before the first thread: every thread inherits the blocked signals.
    init() throws(Failure) {
        signals = try SignalGuard()
        // A shell that moves this process to the background would stop it at the next read of its terminal.
        var terminalRead = sigset_t()
        sigemptyset(&terminalRead)
        sigaddset(&terminalRead, SIGTTIN)
        sigprocmask(SIG_BLOCK, &terminalRead, nil)
        watchesInput = Self.inputCounts
    }

    /// A pipe, a socket, or the terminal of a foreground process. The end of a file, or of `/dev/null`, where it began,
    /// says nothing.
    private static var inputCounts: Bool {
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0 else { return false }
        switch status.st_mode & S_IFMT {
        case S_IFIFO, S_IFSOCK: return true
        default: return isatty(STDIN_FILENO) == 1 && tcgetpgrp(STDIN_FILENO) == getpgrp()
        }
    }

    /// Blocks until something ends the hold.
    mutating func wait() -> Cause {
        while true {
            var isFromProcess: Int32 = 0
            while case let signal = hf_next_signal(signals.descriptor, &isFromProcess), signal != 0 {
                if signal != SIGCHLD { return .signal(signal) }
            }
            var events = [pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0)]
            if watchesInput { events.append(pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)) }
            poll(&events, nfds_t(events.count), -1)
            if watchesInput, events[1].revents != 0, isInputOver() { return .input }
        }
    }

    /// What is written to the input does not matter.
    private mutating func isInputOver() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(STDIN_FILENO, &buffer, buffer.count)
        guard count <= 0 else { return false }
        if count < 0 {
            switch errno {
            case EINTR, EAGAIN: return false
            // The terminal of a process that is in the background by now.
            case EIO where isatty(STDIN_FILENO) == 1: break
            default: watchesInput = false; return true
            }
        }
        watchesInput = false
        return count == 0
    }
}
