#if MySQL
import Glibc
import Holdfast
import HoldfastSQL

/// One session with a server, on the loop's thread: requests go in, in order, one at a time.
///
/// A session whose server does not answer in time is closed: what it was asked has an unknown outcome.
actor MySQLSession {
    typealias Outcome = Result<MySQLAnswer, LockError>

    private struct Request {
        let text: String
        /// `nil` for one that may wait for ever.
        let limit: Duration?
        /// On the loop's thread.
        let done: @Sendable (Outcome) -> Void
    }

    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    /// The server's number of this session, as it was greeted with.
    nonisolated let number: UInt64
    nonisolated let version: String
    nonisolated let target: String

    private var handle: MySQLHandle?
    private let socket: Int32
    private var current: Request?
    private var requests: [Request] = []
    private var alarm: UInt64?
    private var closed: LockError?
    private var closedWaiters: [CheckedContinuation<LockError, Never>] = []
    private var onClose: (@Sendable (LockError) -> Void)?

    /// - Parameter target: for messages.
    init(_ connection: MySQLConnection, target: String) throws(LockError) {
        loop = try SocketLoop.shared()
        self.target = target
        number = connection.number
        version = connection.version
        let handle = MySQLHandle(connection)
        socket = handle.socket
        self.handle = consume handle
    }

    /// Forgotten by the loop first: a poll keeps a socket open whose number may be another's by then.
    isolated deinit { close() }

    /// Begins to listen: a server that ends the session is noticed at once.
    func begin() {
        guard handle != nil else { return }
        loop.watch(socket, for: .readable) { [weak self] events in self?.assumeIsolated { $0.told(events) } }
    }

    /// Runs statements with semicolons between them, in one write. A failed one is no error here.
    ///
    /// - Parameter limit: `nil` for a request that may wait for ever.
    func run(_ text: String, within limit: Duration?) async throws(LockError) -> MySQLAnswer {
        let outcome = await withCheckedContinuation { waiter in
            ask(text, within: limit) { waiter.resume(returning: $0) }
        }
        return try outcome.get()
    }

    /// The same without a task: `done` is called on the loop's thread.
    func ask(_ text: String, within limit: Duration?, _ done: @escaping @Sendable (Outcome) -> Void) {
        if let closed {
            return done(.failure(LockError(.unavailable, closed.message, cause: NeverSent(closed))))
        }
        requests.append(Request(text: text, limit: limit, done: done))
        if current == nil { next() }
    }

    /// Ends the session; what is under way has an unknown outcome.
    func close(_ reason: LockError? = nil) {
        guard handle != nil else { return }
        let reason = reason ?? LockError(.unavailable, "\(target): the session was closed")
        loop.forget(socket)
        handle = nil
        if let alarm { loop.cancel(alarm) }
        alarm = nil
        closed = reason
        let unanswered = [current].compactMap { $0 } + requests
        current = nil
        requests = []
        for request in unanswered { request.done(.failure(reason)) }
        onClose?(reason)
        onClose = nil
        for waiter in closedWaiters { waiter.resume(returning: reason) }
        closedWaiters = []
    }

    /// Returns when the session has ended, and why.
    func whenClosed() async -> LockError {
        await withCheckedContinuation { waiter in
            if let closed { return waiter.resume(returning: closed) }
            closedWaiters.append(waiter)
        }
    }

    /// `body` is called on the loop's thread when the session has ended, and why.
    func whenClosed(_ body: @escaping @Sendable (LockError) -> Void) {
        if let closed { body(closed) } else { onClose = body }
    }

    // The same for callers that are on the loop's thread.

    nonisolated func send(_ text: String, within limit: Duration?, _ done: @escaping @Sendable (Outcome) -> Void) {
        assumeIsolated { $0.ask(text, within: limit, done) }
    }

    nonisolated func onEnd(_ body: @escaping @Sendable (LockError) -> Void) {
        assumeIsolated { $0.whenClosed(body) }
    }

    nonisolated func end(_ reason: LockError? = nil) { assumeIsolated { $0.close(reason) } }

    var isOpen: Bool { handle != nil }
    /// Requests under way.
    var load: Int { requests.count + (current == nil ? 0 : 1) }
}

// MARK: - The socket

extension MySQLSession {
    private func next() {
        guard current == nil, !requests.isEmpty else { return }
        let request = requests.removeFirst()
        current = request
        if let limit = request.limit {
            alarm = loop.alarm(after: limit) { [weak self] in
                self?.assumeIsolated { session in
                    session.close(LockError(.unavailable, "\(session.target): no answer within \(limit)"))
                }
            }
        }
        if let step = handle?.ask(request.text) { take(step) }
    }

    private func told(_ events: SocketEvents) {
        guard current != nil else {
            // Nothing was asked: what comes is the end.
            return close(LockError(.unavailable, "\(target): the server ended the session\(lastWord())"))
        }
        if let step = handle?.go(events) { take(step) }
    }

    private func take(_ step: MySQLHandle.Step) {
        switch step {
        case .wait(let events): loop.wait(socket, for: events)
        case .lost(let fault): close(fault.lockError(target))
        case .done(let answer):
            if let alarm { loop.cancel(alarm) }
            alarm = nil
            loop.wait(socket, for: .readable)
            let request = current
            current = nil
            request?.done(.success(answer))
            next()
        }
    }

    /// Newer servers say why before they end a session that nobody used.
    private func lastWord() -> String {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = recv(socket, &bytes, bytes.count, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        // Length, sequence, 0xFF, number, #, state, text.
        guard count > 13, bytes[4] == 0xFF else { return "" }
        return ": " + String(decoding: bytes[13..<count], as: UTF8.self)
    }
}
#endif
