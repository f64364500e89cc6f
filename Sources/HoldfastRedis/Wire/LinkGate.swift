#if Redis
import Holdfast
import NIOCore
import Synchronization

/// Where requests find the connection in use, or wait for one.
final class LinkGate: Sendable {
    private struct State {
        var session: RedisSession?
        /// In the order in which their time ends.
        var parked: [Request] = []
        var isWatched = false
        /// Why there is no connection.
        var reason: LockError?
        var isStarted = false
        var isEnded = false
    }
    private let state = Mutex(State())

    var session: RedisSession? { state.withLock(\.session) }

    /// The link runs.
    func start() { state.withLock { $0.isStarted = true } }

    /// The request waits for a connection, until its time ends.
    ///
    /// - Parameter dead: a session that took it no more, and whose end is not known here yet.
    func park(_ request: Request, _ bounds: LinkBounds, after dead: RedisSession?) {
        enum Answer { case parked(watch: Bool), open(RedisSession), failed(LockError) }
        let answer: Answer = state.withLock { state in
            if state.isEnded { return .failed(Self.ended) }
            if let session = state.session, session !== dead { return .open(session) }
            if let reason = state.reason, Self.isFinal(reason) { return .failed(reason) }
            guard state.parked.count < bounds.pendingRequests else { return .failed(bounds.tooManyRequests) }
            state.parked.append(request)
            defer { state.isWatched = true }
            return .parked(watch: !state.isWatched)
        }
        switch answer {
        case .parked(let watch): if watch { expire(at: request.deadline) }
        case .open(let session): Self.hand(request, to: session, bounds)
        case .failed(let error): request.settle(.failure(error))
        }
    }

    /// From now on requests go to `session`, those that wait first.
    func open(_ session: RedisSession, _ bounds: LinkBounds) {
        state.withLock { state in
            // Within the lock, so that nobody goes ahead of those who waited.
            for request in state.parked { Self.hand(request, to: session, bounds) }
            state.parked = []
            state.reason = nil
            state.session = session
        }
    }

    func close(_ reason: LockError?) {
        let refused: [Request] = state.withLock { state in
            state.session = nil
            state.reason = reason
            guard let reason, Self.isFinal(reason) else { return [] }
            defer { state.parked = [] }
            return state.parked
        }
        guard let reason else { return }
        for request in refused { request.settle(.failure(reason)) }
    }

    /// The link runs no more.
    func end() {
        let left = state.withLock { state in
            state.isEnded = true
            state.session = nil
            defer { state.parked = [] }
            return state.parked
        }
        for request in left { request.settle(.failure(Self.ended)) }
    }

    /// To wait for the next attempt would not help: somebody has to change something.
    private static func isFinal(_ reason: LockError) -> Bool {
        [.denied, .invalidArgument, .unsupported, .storeUnusable].contains(reason.code)
    }

    private static func hand(_ request: Request, to session: RedisSession, _ bounds: LinkBounds) {
        guard request.waiter.handOn() else { return }
        switch session.enqueue(request) {
        case .accepted: break
        case .full: request.settle(.failure(bounds.tooManyRequests))
        case .closed:
            request.settle(
                .failure(LockError(.unavailable, "the connection to Redis was lost", cause: session.failure)))
        }
    }

    /// Ends the wait of requests whose time is over, then and whenever the next is.
    private func expire(at deadline: NIODeadline) {
        RedisLoop.shared.scheduleTask(deadline: deadline) {
            let now = NIODeadline.now()
            let (over, next, reason, isStarted) = self.state.withLock { state in
                let over = state.parked.prefix { $0.deadline <= now }
                state.parked.removeFirst(over.count)
                state.isWatched = !state.parked.isEmpty
                return (Array(over), state.parked.first?.deadline, state.reason, state.isStarted)
            }
            let error = LockError(
                .unavailable,
                isStarted
                    ? "there was no connection to Redis in time"
                    : "there is no connection to Redis: the backend's run() does not run", cause: NeverSent(reason))
            for request in over { request.settle(.failure(error)) }
            if let next { self.expire(at: next) }
        }
    }

    private static let ended = LockError(
        .notRunning, "the connection to Redis is closed: the backend's run() has returned")
}
#endif
