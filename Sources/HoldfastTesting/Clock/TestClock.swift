import Synchronization

/// A clock that stands still until it is told to move: tests of time that take none.
///
/// Sleepers wake in the order of their deadlines, and those of one deadline in the order in which they went to sleep.
public final class TestClock: Clock, Sendable {
    public struct Instant: InstantProtocol {
        /// Since the clock was made.
        public let offset: Duration

        public init(offset: Duration = .zero) { self.offset = offset }
        public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        public func duration(to other: Instant) -> Duration { other.offset - offset }
        public static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.offset < rhs.offset }
    }

    private struct Sleeper {
        let deadline: Instant
        let ticket: UInt64
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var now = Instant()
        var tickets: UInt64 = 0
        /// By deadline, then by ticket.
        var sleepers: [Sleeper] = []
        var watchers: [UInt64: CheckedContinuation<Instant?, Never>] = [:]

        mutating func ticket() -> UInt64 {
            tickets += 1
            return tickets
        }
    }
    private let state = Mutex(State())

    public init() {}

    public var now: Instant { state.withLock { $0.now } }
    public var minimumResolution: Duration { .nanoseconds(1) }
    /// When the next sleeper wakes; `nil` where nobody sleeps.
    public var nextTimer: Instant? { state.withLock { $0.sleepers.first?.deadline } }
    /// How many tasks sleep on this clock.
    public var timersCount: Int { state.withLock { $0.sleepers.count } }

    /// Returns when the clock was advanced to `deadline`, at once where it has been.
    ///
    /// - Throws: `CancellationError` where the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        try Task.checkCancellation()
        let ticket = state.withLock { $0.ticket() }
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { fall(asleep: $0, until: deadline, ticket) }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.sleepers.firstIndex { $0.ticket == ticket }.map { state.sleepers.remove(at: $0) }
            }
            sleeper?.continuation.resume(returning: false)
        }
        guard isOver else { throw CancellationError() }
    }

    private func fall(asleep continuation: CheckedContinuation<Bool, Never>, until deadline: Instant, _ ticket: UInt64)
    {
        let (answer, watchers) = state.withLock { state -> (Bool?, [CheckedContinuation<Instant?, Never>]) in
            if Task.isCancelled { return (false, []) }
            if deadline <= state.now { return (true, []) }
            let place = state.sleepers.lastIndex { $0.deadline <= deadline }.map { $0 + 1 } ?? 0
            state.sleepers.insert(Sleeper(deadline: deadline, ticket: ticket, continuation: continuation), at: place)
            defer { state.watchers = [:] }
            return (nil, Array(state.watchers.values))
        }
        if let answer { continuation.resume(returning: answer) }
        for watcher in watchers { watcher.resume(returning: deadline) }
    }
}

extension TestClock {
    /// Moves the clock, and wakes all who sleep until then. A time that has passed already changes nothing.
    public func advance(to instant: Instant) {
        while let sleeper = nextSleeper(until: instant) { sleeper.continuation.resume(returning: true) }
    }

    /// Moves the clock on from where it is.
    public func advance(by duration: Duration) { advance(to: now.advanced(by: duration)) }

    /// Returns the deadline of the next sleeper to wake, as soon as there is one.
    ///
    /// - Throws: `CancellationError` where the task is cancelled first.
    @discardableResult
    public func nextTimerScheduled() async throws -> Instant {
        let ticket = state.withLock { $0.ticket() }
        let deadline = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Instant?? in
                    if Task.isCancelled { return .some(nil) }
                    if let first = state.sleepers.first { return first.deadline }
                    state.watchers[ticket] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.watchers.removeValue(forKey: ticket) }?.resume(returning: nil)
        }
        guard let deadline else { throw CancellationError() }
        return deadline
    }

    /// Moves the clock to the next deadline within `instant` and takes its sleeper, or to `instant` itself.
    private func nextSleeper(until instant: Instant) -> Sleeper? {
        state.withLock { state in
            guard let first = state.sleepers.first, first.deadline <= instant else {
                state.now = max(state.now, instant)
                return nil
            }
            state.now = max(state.now, first.deadline)
            return state.sleepers.removeFirst()
        }
    }
}
