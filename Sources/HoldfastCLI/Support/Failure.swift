import Holdfast

/// An end of the command with one line on standard error.
struct Failure: Error {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as LockError: self.init(error)
        default: self.init(.internalError, "\(error)")
        }
    }

    init(_ error: LockError) {
        var text = error.message
        // Often the cause is what the message says already.
        if let cause = error.cause.map({ "\($0)" }), !cause.contains(text), !text.contains(cause) {
            text += " (\(cause))"
        }
        self.init(Self.status(of: error.code), text)
    }

    private static func status(of code: LockError.Code) -> ExitStatus {
        switch code {
        case .invalidKey, .invalidArgument, .unsupported: .usage
        case .unavailable, .denied, .storeUnusable: .storeUnusable
        case .busy, .timedOut: .notHad
        case .modeConflict, .wouldDeadlock, .deadlock, .limitExceeded, .conflict: .tryAgainLater
        case .leaseLost, .staleToken: .lost
        default: .internalError
        }
    }

    /// Tells it; the caller ends with the status.
    func report() -> ExitStatus {
        Terminal.say(message)
        return status
    }

    func exit() -> Never { report().exit() }
}
