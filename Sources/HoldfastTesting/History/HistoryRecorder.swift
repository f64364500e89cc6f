public import Holdfast
import Synchronization

/// Writes down a history from many tasks.
public final class HistoryRecorder: Sendable {
    /// The most events of one history. A history that reaches it is not complete, and says so.
    public static let eventsLimit = 1_000_000

    fileprivate struct State {
        var events: [HistoryEvent] = []
        var operations = 0
        var isOverfull = false
    }
    private let state = Mutex(State())
    private let time: Timekeeper

    /// - Parameter clock: what all clients are judged by.
    public init(clock: some Clock<Duration> = ContinuousClock()) { time = Timekeeper(clock) }

    public var now: Duration { time.now }
    public var history: History { state.withLock { History($0.events, isComplete: !$0.isOverfull) } }

    public func record(_ kind: HistoryEvent.Kind) {
        state.withLock { state in
            // The time is read under the lock, so that times never fall from event to event.
            state.append(kind, at: time.now)
        }
    }

    /// Records an invocation.
    public func invoke(client: String, parts: [Claim.Part]) -> HistoryEvent.Operation {
        state.withLock { state in
            state.operations += 1
            state.append(HistoryEvent.Kind.invoke(state.operations, client: client, parts: parts), at: time.now)
            return state.operations
        }
    }
}

extension HistoryRecorder.State {
    fileprivate mutating func append(_ kind: HistoryEvent.Kind, at time: Duration) {
        guard events.count < HistoryRecorder.eventsLimit else { return isOverfull = true }
        events.append(HistoryEvent(index: events.count, time: time, kind: kind))
    }
}
