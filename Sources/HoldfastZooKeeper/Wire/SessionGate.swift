#if ZooKeeper
import Holdfast
import NIOCore
import Synchronization

/// Where requests find the connection in use, or wait for one.
final class SessionGate: Sendable {
    /// Adjacent on the wire.
    typealias Parcel = (first: Request, rest: [Request])

    private struct State {
        var connection: ZooKeeperConnection?
        /// In the order in which their time ends.
        var parked: [Parcel] = []
        var isWatched = false
        /// Why there is no connection.
        var reason: LockError?
        var isStarted = false
        /// What every request hears from now on.
        var end: Waiter<Reply>.Outcome?
    }
    private let state = Mutex(State())

    var connection: ZooKeeperConnection? { state.withLock(\.connection) }

    /// The session runs.
    func start() { state.withLock { $0.isStarted = true } }

    /// The requests wait for a connection, until their time ends.
    ///
    /// - Parameter dead: a connection that took them no more, and whose end is not known here yet.
    func park(_ parcel: Parcel, _ bounds: ZooKeeperBounds, after dead: ZooKeeperConnection?) {
        enum Answer { case parked(watch: Bool), open(ZooKeeperConnection), over(Waiter<Reply>.Outcome) }
        let answer: Answer = state.withLock { state in
            if let end = state.end { return .over(end) }
            if let connection = state.connection, connection !== dead { return .open(connection) }
            guard state.parked.count < bounds.pendingRequests else { return .over(.failure(bounds.tooManyRequests)) }
            state.parked.append(parcel)
            defer { state.isWatched = true }
            return .parked(watch: !state.isWatched)
        }
        switch answer {
        case .parked(let watch): if watch { expire(at: parcel.first.deadline) }
        case .open(let connection): Self.hand(parcel, to: connection, bounds)
        case .over(let outcome): Self.settle(parcel, outcome)
        }
    }

    /// From now on requests go to `connection`, those that wait first.
    func open(_ connection: ZooKeeperConnection, _ bounds: ZooKeeperBounds) {
        state.withLock { state in
            guard state.end == nil else { return }
            // Within the lock, so that nobody goes ahead of those who waited.
            for parcel in state.parked where !parcel.first.waiter.isSettled {
                Self.hand(parcel, to: connection, bounds)
            }
            state.parked = []
            state.reason = nil
            state.connection = connection
        }
    }

    func close(_ reason: LockError?) {
        state.withLock { state in
            state.connection = nil
            state.reason = reason
        }
    }

    /// The session is over.
    func end(_ outcome: Waiter<Reply>.Outcome) {
        let left = state.withLock { state in
            state.end = outcome
            state.connection = nil
            defer { state.parked = [] }
            return state.parked
        }
        for parcel in left { Self.settle(parcel, outcome) }
    }

    static func hand(_ parcel: Parcel, to connection: ZooKeeperConnection, _ bounds: ZooKeeperBounds) {
        switch connection.enqueue(parcel.first, parcel.rest) {
        case .accepted: break
        case .full: settle(parcel, .failure(bounds.tooManyRequests))
        case .closed:
            settle(
                parcel,
                .failure(
                    LockError(.unavailable, "the connection to ZooKeeper was lost", cause: connection.failure)))
        }
    }

    static func settle(_ parcel: Parcel, _ outcome: Waiter<Reply>.Outcome) {
        parcel.first.settle(outcome)
        for request in parcel.rest { request.settle(outcome) }
    }

    /// Ends the wait of requests whose time is over, then and whenever the next is.
    private func expire(at deadline: NIODeadline) {
        ZooKeeperLoop.shared.scheduleTask(deadline: deadline) {
            let now = NIODeadline.now()
            let (over, next, reason, isStarted) = self.state.withLock { state in
                let over = state.parked.prefix { $0.first.deadline <= now }
                state.parked.removeFirst(over.count)
                state.isWatched = !state.parked.isEmpty
                return (Array(over), state.parked.first?.first.deadline, state.reason, state.isStarted)
            }
            let error = LockError(
                .unavailable,
                isStarted
                    ? "there was no connection to ZooKeeper in time"
                    : "there is no connection to ZooKeeper: the backend's run() does not run", cause: NeverSent(reason))
            for parcel in over { Self.settle(parcel, .failure(error)) }
            if let next { self.expire(at: next) }
        }
    }
}
#endif
