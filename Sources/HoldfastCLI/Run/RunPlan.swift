import Holdfast

/// What `holdfast run` was asked for, checked.
struct RunPlan: Sendable {
    let key: LockKey
    let mode: LockMode
    let wait: Wait
    let timeToLive: Duration
    /// Where the lock was not had in time.
    let conflictStatus: ExitStatus
    var store: Store
    /// Where the command begins in the raw arguments.
    let commandIndex: Int

    var name: String { key.text }

    /// The command's name, for people.
    var program: String {
        let path = String(decoding: Arguments.bytes(at: commandIndex), as: UTF8.self)
        return path.split(separator: "/").last.map(String.init) ?? path
    }

    /// How long the command has between TERM and KILL, and how long before the deadline it is stopped.
    var killAfter: Duration { min(Self.longestKillAfter, timeToLive / 3) }

    private static let longestKillAfter: Duration = .seconds(5)
}
