import Holdfast

/// What `holdfast run` was asked for, checked.
struct RunPlan: Sendable {
    /// What goes on under the lock.
    enum Work: Sendable {
        /// A program and its arguments, as bytes.
        case command([[UInt8]])
        /// Whatever the calling shell does until it has closed the file.
        case descriptor(Int32)
    }

    enum Voice: Sendable {
        /// Errors alone.
        case quiet
        case normal
        /// Also of the wait.
        case verbose
    }

    static let usualKillAfter: Duration = .seconds(5)

    let claim: ClaimPlan
    /// How long the command has between TERM and KILL, and how long before the deadline it is stopped.
    let killAfter: Duration
    /// How long the lock is held at least.
    let minHold: Duration?
    let onLost: OnLost
    /// Whether what the command left running counts no more.
    let endsWithCommand: Bool
    let voice: Voice
    var store: Store
    let work: Work
    /// Where the calling shell's file is the work.
    var departure: Departure?
    /// Where it runs once.
    var once: OncePlan?

    /// - Parameter flag: the command line's.
    static func killAfter(_ flag: String?, _ settings: Settings, _ timeToLive: Duration) throws(Failure) -> Duration {
        let longest = timeToLive / 3
        guard let entry = settings.entry(.killAfter, flag: flag, name: "--kill-after") else {
            return min(usualKillAfter, longest)
        }
        let duration = try DurationText.parse(entry.text, for: entry.origin, allowsZero: true)
        guard duration <= longest else {
            throw Failure(
                .usage, "\(entry.origin) \(entry.text) is more than a third of the time to live: raise --ttl")
        }
        return duration
    }

    /// How long before the deadline the command is killed at the latest.
    var killMargin: Duration { max(killAfter / 4, claim.timeToLive / 20) }

    /// The command's name, for people.
    var program: String {
        guard case .command(let words) = work, let first = words.first else { return "shell" }
        let path = String(decoding: first, as: UTF8.self)
        return path.split(separator: "/").last.map(String.init) ?? path
    }
}
