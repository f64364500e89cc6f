/// The times at which a job fires, as wall time: so that instances on several machines name the same ones.
///
/// Wall time is a `Duration` since 1970-01-01T00:00:00Z.
public struct Schedule: Sendable {
    /// The shortest interval of ``every(_:offset:)``.
    public static let shortestInterval: Duration = .milliseconds(100)

    let interval: Duration?
    private let next: @Sendable (Duration) -> Duration?

    /// Times of your own, such as those of a cron expression.
    ///
    /// - Parameter next: the first time after the given one, the same on all instances; `nil` where there is none, and
    ///   then the job waits to be shut down.
    public init(next: @escaping @Sendable (_ after: Duration) -> Duration?) {
        interval = nil
        self.next = next
    }

    private init(interval: Duration, next: @escaping @Sendable (Duration) -> Duration?) {
        self.interval = interval
        self.next = next
    }

    /// The multiples of an interval since 1970: `every(.seconds(60))` fires at each full minute.
    ///
    /// - Parameters:
    ///   - interval: ``shortestInterval`` or more.
    ///   - offset: how much later than the multiples; zero by default.
    public static func every(_ interval: Duration, offset: Duration = .zero) -> Schedule {
        let (step, shift) = (max(1, interval.nanoseconds), offset.nanoseconds)
        return Schedule(interval: interval) { after in
            let (whole, rest) = (after.nanoseconds - shift).quotientAndRemainder(dividingBy: step)
            return .nanoseconds((rest < 0 ? whole : whole + 1) * step + shift)
        }
    }

    func validate() throws(LockError) {
        guard let interval, interval < Self.shortestInterval else { return }
        throw LockError(.invalidArgument, "a job fires every \(Self.shortestInterval) at most, not every \(interval)")
    }

    /// - Throws: ``LockError/Code/invalidArgument`` for a schedule that does not go forward.
    func first(after time: Duration) throws(LockError) -> Duration? {
        guard let due = next(time) else { return nil }
        guard due > time else {
            throw LockError(
                .invalidArgument, "the schedule says \(due) for the first time after \(time); say a later one")
        }
        return due
    }
}
