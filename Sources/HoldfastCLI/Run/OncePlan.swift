import Holdfast

/// What `holdfast once` was asked for beyond `run`, checked.
struct OncePlan: Sendable, Equatable {
    static let usualRetention: Duration = .seconds(7 * 24 * 3600)

    let retention: Duration
    /// Whether an end with another status than 0 counts, too.
    let recordsFailures: Bool
    /// Whether what it prints is kept.
    let keepsOutput: Bool

    /// A command that was not found, or that a signal ended, has not said how it went.
    func records(_ status: ExitStatus) -> Bool {
        guard status != .success else { return true }
        return recordsFailures && status.code < ExitStatus.cannotExecute.code
    }
}
