/// When one instance of a job fires: decided from the wall time alone.
struct JobMachine: Sendable {
    enum Step: Equatable {
        case sleep(Duration)
        case fire(due: Duration)
        /// It was due so long ago that others may have been here and gone.
        case late(due: Duration)
        /// The schedule has no further time.
        case over
    }

    /// Looked at again at least so often, since wall clocks are set.
    static let longestSleep: Duration = .seconds(30)
    /// A clock that is set back by up to this fires nothing twice; one that is set back by more begins anew.
    static let setBackLimit: Duration = .seconds(3 * 3600)

    private let schedule: Schedule
    private let lateLimit: Duration
    /// Up to here nothing is left to fire.
    private var seenTo: Duration

    init(_ schedule: Schedule, lateLimit: Duration, now: Duration) {
        self.schedule = schedule
        self.lateLimit = lateLimit
        seenTo = now
    }

    /// - Throws: ``LockError/Code/invalidArgument`` for a schedule that does not go forward.
    mutating func next(now: Duration) throws(LockError) -> Step {
        if now < seenTo - Self.setBackLimit { seenTo = now }
        guard let due = try schedule.first(after: seenTo) else { return .over }
        guard now >= due else { return .sleep(min(due - now, Self.longestSleep)) }
        guard isInTime(due, now: now) else {
            // One for all that have passed: they do not pile up.
            seenTo = now
            return .late(due: due)
        }
        seenTo = due
        return .fire(due: due)
    }

    func isInTime(_ due: Duration, now: Duration) -> Bool { now - due <= lateLimit }
}
