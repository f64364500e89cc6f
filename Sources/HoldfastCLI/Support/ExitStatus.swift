import Glibc

/// What the command's exit status says; after sysexits.h where it has a word for it.
struct ExitStatus: Sendable, Hashable {
    let code: Int32

    static let success = ExitStatus(code: 0)
    /// The lock was not had in time, or there was nothing to break.
    static let notHad = ExitStatus(code: 1)
    static let usage = ExitStatus(code: 64)
    /// The store cannot be reached, or what stands there cannot be used.
    static let storeUnusable = ExitStatus(code: 69)
    static let internalError = ExitStatus(code: 70)
    /// What the command printed could not be written on.
    static let unprinted = ExitStatus(code: 74)
    /// The store works, but will not give this lock now.
    static let tryAgainLater = ExitStatus(code: 75)
    /// The lock was lost, and the command was stopped.
    static let lost = ExitStatus(code: 79)
    /// The command is there, but cannot be executed; as shells say it.
    static let cannotExecute = ExitStatus(code: 126)
    static let commandNotFound = ExitStatus(code: 127)

    /// As shells say that a command was killed.
    static func signalled(_ signal: Int32) -> ExitStatus { ExitStatus(code: 128 + signal) }

    /// Without the handlers of `atexit`: they are not for forked processes, nor beside running threads.
    func exit() -> Never { _exit(code) }
}
