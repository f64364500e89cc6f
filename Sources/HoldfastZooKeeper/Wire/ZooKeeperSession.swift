#if ZooKeeper
import Holdfast
import Logging
import NIOCore

/// One session with an ensemble: reconnects to any of its servers, and keeps its id until it expires or is closed.
///
/// A request is written once at most: what was written when a connection ended has failed with its outcome unknown.
/// Requests that find no connection wait for one, until their time ends; all fail once the session is over.
final class ZooKeeperSession: Sendable {
    let configuration: ZooKeeperConfiguration
    /// As asked for.
    let sessionTimeout: Duration
    let bounds: ZooKeeperBounds
    private let gate = SessionGate()
    private let facts: SessionFacts
    private let tally = RequestTally()
    private let mark = ZxidMark()
    private let logger: Logger?
    private let clock = Timekeeper(ContinuousClock())

    init(
        configuration: ZooKeeperConfiguration, sessionTimeout: Duration, bounds: ZooKeeperBounds? = nil,
        logger: Logger? = nil
    ) {
        self.configuration = configuration
        self.sessionTimeout = sessionTimeout
        self.bounds = bounds ?? ZooKeeperBounds(configuration)
        self.logger = logger
        facts = SessionFacts(timeout: sessionTimeout, bounds: self.bounds)
    }

    /// 0 until connected.
    var id: Int64 { facts.id }
    /// As the servers allow it; as asked for until connected.
    var negotiatedTimeout: Duration { facts.timeout }
    var state: SessionState { facts.state }
    /// Every change, for one reader; ends with the final state.
    var changes: AsyncStream<SessionState> { facts.changes }
    var requestsSent: [OpCode: Int] { tally.counts }
    /// How many connections there have been.
    var connections: Int { facts.connections }
    /// The last transaction that it has heard of.
    var lastZxid: Int64 { mark.value }

    /// Any thread. The rest follow the first at once, with nothing between them.
    func hand(over first: Request, _ rest: [Request] = []) {
        let connection = gate.connection
        if let connection {
            switch connection.enqueue(first, rest) {
            case .accepted: return
            case .full: return SessionGate.settle((first, rest), .failure(bounds.tooManyRequests))
            case .closed: break
            }
        }
        gate.park((first, rest), bounds, after: connection)
    }

    /// Connects, pings, reconnects, until the session is over: by the caller's cancellation, which closes it on the
    /// server first, by its expiry, or by a refusal.
    ///
    /// - Returns: the final state.
    @discardableResult
    func run() async -> SessionState {
        gate.start()
        var route = ServerRoute(configuration.servers)
        var backoff = Backoff(bounds)
        var told: String?
        while !Task.isCancelled {
            guard let server = route.next() else {
                guard await pause(backoff.next()) else { break }
                route = ServerRoute(configuration.servers)
                continue
            }
            do throws(LockError) {
                let connection = try await connected(to: server)
                told = nil
                let start = clock.now
                let reason = await stay(on: connection)
                let isSettled = clock.now - start >= bounds.settled
                if isSettled { backoff.reset() }
                guard !Task.isCancelled else { return finish(.closed) }
                facts.change(.disconnected)
                logger?.warning("connection lost", metadata: about(server, reason))
                route = ServerRoute(configuration.servers, last: server)
                if let reason, Self.isFinal(reason) { return finish(.refused(reason)) }
                // A server that greets and hangs up would be asked without end.
                if !isSettled, await !pause(backoff.next()) { break }
            } catch {
                if facts.state.isFinal { return facts.state }
                guard !Task.isCancelled else { break }
                gate.close(error)
                // Once per reason, not once per attempt.
                let level: Logger.Level = told == error.message ? .debug : .warning
                logger?.log(level: level, "no connection", metadata: about(server, error))
                told = error.message
                if Self.isFinal(error) { return finish(.refused(error)) }
            }
        }
        return finish(.closed)
    }

    /// - Returns: whether to go on: not where the task is cancelled.
    private func pause(_ time: Duration) async -> Bool {
        do {
            try await clock.sleep(until: clock.now + time)
            return true
        } catch {
            return false
        }
    }

    /// A connection that belongs to our session.
    private func connected(to server: ZooKeeperConfiguration.Server) async throws(LockError) -> ZooKeeperConnection {
        let dialer = Dialer(configuration: configuration, bounds: bounds, mark: mark, tally: tally, logger: logger)
        // A silent server is left when a third of the session's time is left: the others shall have their turn in it.
        let left = facts.id == 0 ? facts.timeout : facts.timeout / 3
        let share = max(TimeAmount(left / configuration.servers.count), bounds.leastConnectTimeout)
        let greeted = try await dialer.greeted(
            by: server, facts.request(mark, asking: sessionTimeout), within: min(share, bounds.connectTimeout))
        guard greeted.response.timeout > .zero else {
            greeted.connection.channel.close(promise: nil)
            finish(.expired)
            throw ZooKeeperFault.sessionExpired.lockError
        }
        greeted.connection.begin(greeted.response.timeout)
        facts.connected(greeted.response)
        gate.open(greeted.connection, bounds)
        return greeted.connection
    }

    /// Returns when the connection has ended; the task's cancellation ends the session and then the connection.
    private func stay(on connection: ZooKeeperConnection) async -> LockError? {
        let ended = Waiter<Void>()
        connection.channel.closeFuture.whenComplete { _ in ended.settle(.success(())) }
        if case .failure = await ended.cancellableOutcome(start: {}) {
            gate.end(.failure(Self.over))
            await farewell(connection)
            connection.channel.close(promise: nil)
            try? await connection.channel.closeFuture.get()
        }
        gate.close(connection.failure)
        return connection.failure
    }

    /// Ends the session on the server, and with it its nodes; in vain where that does not answer.
    private func farewell(_ connection: ZooKeeperConnection) async {
        let end = NIODeadline.now() + bounds.farewell
        let request = Request(.closeSession, deadline: end)
        let alarm = ZooKeeperLoop.shared.scheduleTask(deadline: end) { request.settle(.failure(Self.over)) }
        _ = try? await connection.reply(to: request, isCancellable: false)
        alarm.cancel()
    }

    @discardableResult
    private func finish(_ state: SessionState) -> SessionState {
        guard !facts.state.isFinal else { return facts.state }
        switch state {
        case .expired:
            gate.end(.success(Reply(error: ZooKeeperFault.sessionExpired.rawValue, body: JuteReader(ByteBuffer()))))
            logger?.warning("the session has expired", metadata: ["store": "\(configuration)"])
        case .refused(let reason): gate.end(.failure(reason))
        default: gate.end(.failure(Self.over))
        }
        facts.change(state)
        return state
    }

    /// To try again would not help: somebody has to change something.
    private static func isFinal(_ reason: LockError) -> Bool {
        [.denied, .invalidArgument, .unsupported].contains(reason.code)
    }

    private func about(_ server: ZooKeeperConfiguration.Server, _ error: LockError?) -> Logger.Metadata {
        [
            "store": "\(configuration)", "server": "\(server)",
            "error": "\(error.map(\.description) ?? "closed by the server")",
        ]
    }

    /// A client that goes on has another one by now, or soon: it tries again.
    private static let over = LockError(
        .unavailable, "the session with ZooKeeper is closed: it was given up, or the backend's run() has returned")
}
#endif
