/// Leads one optimistic update through its attempts: every decision, and no effect.
///
/// Unknown is the hard one. A write that was not answered may have been done, or may still arrive. It is sent again,
/// the same bytes expecting the same version: of the two at most one is done, since a version never comes again. Where
/// the second is written, the first never will be, and the update is done once. Where the second meets another
/// version, nobody can say whose: that is told, and never tried again.
struct UpdateMachine: Equatable {
    enum Step: Equatable {
        /// Read and compute. The pause comes first, and is shortened by chance.
        case read(after: Duration)
        /// Send what was computed.
        case write(after: Duration)
        /// Take the lock of the key, then read.
        case lock
    }

    /// How often the store may fail to answer one update.
    static let failuresLimit = 5
    /// After the first conflict; doubled with each, up to the longest.
    static let shortestPause: Duration = .milliseconds(2)
    static let longestPause: Duration = .milliseconds(256)

    private(set) var next = Step.read(after: .zero)
    private var conflicts = 0
    private var failures = 0
    /// Whether a write may have been done, or may still be.
    private(set) var isUnknown = false
    private let options: UpdateOptions

    init(_ options: UpdateOptions) { self.options = options }

    mutating func computed() { next = .write(after: .zero) }

    /// The lock is held, or there is none to be had by this task.
    mutating func locked() { next = .read(after: .zero) }

    mutating func readFailed(_ error: LockError) throws(LockError) {
        next = .read(after: try pause(afterFailure: error))
    }

    mutating func writeFailed(_ error: LockError) throws(LockError) {
        if error.isOutcomeUnknown, !error.wasNeverSent { isUnknown = true }
        next = .write(after: try pause(afterFailure: error))
    }

    private mutating func pause(afterFailure error: LockError) throws(LockError) -> Duration {
        guard error.code == .unavailable else { throw error }
        failures += 1
        guard failures >= Self.failuresLimit else { return LockClient.backoff(failures) }
        guard isUnknown else { throw error }
        throw Self.unknown(error)
    }

    mutating func conflicted() throws(LockError) {
        guard !isUnknown else { throw Self.unknown(nil) }
        conflicts += 1
        guard conflicts < options.attemptsLimit else {
            throw LockError(
                .conflict,
                "others wrote the record first, \(conflicts) times; nothing was changed. Try later, or set locksAfter")
        }
        next = conflicts == options.locksAfter ? .lock : .read(after: Self.pause(conflicts: conflicts))
    }

    private static func pause(conflicts: Int) -> Duration {
        min(longestPause, shortestPause * (1 << min(conflicts - 1, 10)))
    }

    private static func unknown(_ cause: LockError?) -> LockError {
        LockError(
            .unavailable,
            "a write was not answered: the record may have been changed, once. Read it before you try again",
            cause: cause)
    }
}
