#if Etcd
import Holdfast
import NIOCore
import Synchronization

/// Where calls find the connection in use, or wait for one.
final class SessionGate: Sendable {
    private struct Parked {
        let waiter: Waiter<EtcdSession>
        let deadline: NIODeadline
    }
    private struct State {
        var session: EtcdSession?
        /// In about the order in which their time ends.
        var parked: [Parked] = []
        var isWatched = false
        /// Why there is no connection.
        var reason: LockError?
        var isStarted = false
        var isEnded = false
    }
    private let state = Mutex(State())
    private let bounds: EtcdBounds

    init(_ bounds: EtcdBounds) { self.bounds = bounds }

    var current: EtcdSession? { state.withLock(\.session) }

    /// The link runs.
    func start() { state.withLock { $0.isStarted = true } }

    /// The session in use, or the next one.
    ///
    /// - Parameter dead: one that took a call no more, and whose end is not known here yet.
    func session(
        after dead: EtcdSession?, until deadline: NIODeadline, isCancellable: Bool
    ) async throws(LockError) -> EtcdSession {
        if let session = current, session !== dead { return session }
        let waiter = Waiter<EtcdSession>()
        let start = { self.park(Parked(waiter: waiter, deadline: deadline), dead) }
        let outcome = isCancellable ? await waiter.cancellableOutcome(start: start) : await waiter.outcome(start: start)
        return try outcome.get()
    }

    /// The session in use, or the next one, as long as it takes calls.
    func live(until deadline: NIODeadline, isCancellable: Bool) async throws(LockError) -> EtcdSession {
        var dead: EtcdSession?
        while true {
            let session = try await session(after: dead, until: deadline, isCancellable: isCancellable)
            guard session.connection.isClosed else { return session }
            dead = session
        }
    }

    private func park(_ parked: Parked, _ dead: EtcdSession?) {
        enum Answer { case parked(watch: Bool), open(EtcdSession), failed(LockError) }
        let answer: Answer = state.withLock { state in
            if state.isEnded { return .failed(Self.ended) }
            if let session = state.session, session !== dead { return .open(session) }
            if let reason = state.reason, Self.isFinal(reason) { return .failed(reason) }
            guard state.parked.count < bounds.pendingRequests else { return .failed(bounds.tooManyRequests) }
            state.parked.append(parked)
            defer { state.isWatched = true }
            return .parked(watch: !state.isWatched)
        }
        switch answer {
        case .parked(let watch): if watch { expire(at: parked.deadline) }
        case .open(let session): parked.waiter.settle(.success(session))
        case .failed(let error): parked.waiter.settle(.failure(error))
        }
    }

    /// From now on calls go to `session`, those that wait first.
    func open(_ session: EtcdSession) {
        let waiting = state.withLock { state in
            state.reason = nil
            state.session = session
            defer { state.parked = [] }
            return state.parked
        }
        for parked in waiting { parked.waiter.settle(.success(session)) }
    }

    func close(_ reason: LockError) {
        let refused = state.withLock { state in
            state.session = nil
            state.reason = reason
            guard Self.isFinal(reason) else { return [Parked]() }
            defer { state.parked = [] }
            return state.parked
        }
        for parked in refused { parked.waiter.settle(.failure(reason)) }
    }

    /// The link runs no more.
    func end() {
        let left = state.withLock { state in
            state.isEnded = true
            state.session = nil
            defer { state.parked = [] }
            return state.parked
        }
        for parked in left { parked.waiter.settle(.failure(Self.ended)) }
    }

    /// To wait for the next attempt would not help: somebody has to change something.
    private static func isFinal(_ reason: LockError) -> Bool {
        [.denied, .invalidArgument, .unsupported, .storeUnusable].contains(reason.code)
    }

    /// Ends the wait of calls whose time is over, then and whenever the next is.
    private func expire(at deadline: NIODeadline) {
        EtcdLoop.shared.scheduleTask(deadline: deadline) {
            let now = NIODeadline.now()
            let (over, next, reason, isStarted) = self.state.withLock { state in
                let over = state.parked.filter { $0.deadline <= now }
                state.parked.removeAll { $0.deadline <= now || $0.waiter.isSettled }
                state.isWatched = !state.parked.isEmpty
                return (over, state.parked.map(\.deadline).min(), state.reason, state.isStarted)
            }
            let error = LockError(
                .unavailable,
                isStarted
                    ? "there was no connection to etcd in time"
                    : "there is no connection to etcd: the backend's run() does not run", cause: NeverSent(reason))
            for parked in over { parked.waiter.settle(.failure(error)) }
            if let next { self.expire(at: next) }
        }
    }

    private static let ended = LockError(
        .notRunning, "the connection to etcd is closed: the backend's run() has returned")
}
#endif
