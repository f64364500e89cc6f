#if Postgres
import CPQ
import Holdfast
import HoldfastSQL

/// One session with a server, on the loop's thread: batches of statements go in, in order, each in one write.
///
/// The statements of a batch are one transaction, unless they say otherwise; it counts as done when the server is ready
/// for the next. A session whose server does not answer in time is closed: what it was asked has an unknown outcome.
actor PostgresSession {
    typealias Outcome = Result<[PostgresResult], LockError>

    private struct Batch {
        let sentAt = ContinuousClock.now
        /// `nil` for one that may wait for ever.
        let limit: Duration?
        var tally: PostgresTally
        /// On the loop's thread.
        let done: @Sendable (Outcome) -> Void
    }

    private enum Stage {
        case connecting(CheckedContinuation<LockError?, Never>?)
        case open
        case closed(LockError)
    }

    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var handle: PostgresHandle?
    private var socket: Int32 = -1
    private var stage = Stage.connecting(nil)
    private var batches: [Batch] = []
    private var closedWaiters: [CheckedContinuation<LockError, Never>] = []
    private var onClose: (@Sendable (LockError) -> Void)?
    private var alarm: UInt64?
    private var kept = KeptStatements()
    private let target: String
    private let connectLimit: Duration
    private let limit: Duration
    private let onNotify: @Sendable (String, String) -> Void

    /// - Parameters:
    ///   - parameters: libpq's connection parameters; hosts by address where a name would have to be looked up.
    ///   - target: for messages.
    ///   - limit: within which the server greets.
    ///   - requestLimit: within which it answers each batch; as the limit by default.
    ///   - onNotify: called on the loop's thread with channel and payload.
    init(
        _ parameters: [(String, String)], target: String, limit: Duration = .seconds(60),
        requestLimit: Duration? = nil,
        onNotify: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) throws(LockError) {
        loop = try SocketLoop.shared()
        self.target = target
        connectLimit = limit
        self.limit = requestLimit ?? limit
        self.onNotify = onNotify
        guard let handle = PostgresHandle(parameters) else {
            throw LockError(.unavailable, "no memory for a connection")
        }
        self.handle = consume handle
    }

    /// Forgotten by the loop first: a poll keeps a socket open whose number may be another's by then.
    isolated deinit { close() }

    /// Returns when the server has greeted; throws why it did not.
    func connect() async throws(LockError) {
        let failure = await withCheckedContinuation { (waiter: CheckedContinuation<LockError?, Never>) in
            if case .closed(let reason) = stage { return waiter.resume(returning: reason) }
            stage = .connecting(waiter)
            arm(after: connectLimit)
            step(PGRES_POLLING_WRITING)
        }
        if let failure { throw failure }
    }

    /// Runs the statements in one write. The answer to each is in its place; a failed one is no error here.
    func run(_ statements: [PostgresStatement]) async throws(LockError) -> [PostgresResult] {
        let limit = limit
        let outcome = await withCheckedContinuation { waiter in
            ask(statements, within: limit) { waiter.resume(returning: $0) }
        }
        return try outcome.get()
    }

    /// The same without a task: `done` is called on the loop's thread.
    ///
    /// - Parameter limit: `nil` for statements that may wait for ever.
    func ask(
        _ statements: [PostgresStatement], within limit: Duration?, _ done: @escaping @Sendable (Outcome) -> Void
    ) {
        if case .closed(let reason) = stage { return done(.failure(reason)) }
        let tally = send(statements)
        batches.append(Batch(limit: limit, tally: tally ?? PostgresTally(), done: done))
        guard tally != nil else { return lost() }
        if alarm == nil, batches.count == 1, let limit { arm(after: limit) }
        flush()
    }

    func run(_ statement: PostgresStatement) async throws(LockError) -> PostgresResult {
        try await run([statement])[0]
    }

    /// Ends the session; what is under way has an unknown outcome.
    func close(_ reason: LockError = LockError(.unavailable, "the session with PostgreSQL was closed")) {
        guard handle != nil else { return }
        if socket >= 0 { loop.forget(socket) }
        socket = -1
        handle = nil
        if let alarm { loop.cancel(alarm) }
        alarm = nil
        let before = stage
        stage = .closed(reason)
        if case .connecting(let waiter) = before { waiter?.resume(returning: reason) }
        let unanswered = batches
        batches = []
        for batch in unanswered { batch.done(.failure(reason)) }
        onClose?(reason)
        onClose = nil
        for waiter in closedWaiters { waiter.resume(returning: reason) }
        closedWaiters = []
    }

    /// Returns when the session has ended, and why.
    func whenClosed() async -> LockError {
        await withCheckedContinuation { waiter in
            if case .closed(let reason) = stage { return waiter.resume(returning: reason) }
            closedWaiters.append(waiter)
        }
    }

    /// `body` is called on the loop's thread when the session has ended, and why.
    func whenClosed(_ body: @escaping @Sendable (LockError) -> Void) {
        if case .closed(let reason) = stage { body(reason) } else { onClose = body }
    }

    /// The process that serves this session; 0 where it is closed.
    var backend: Int32 { handle?.backend ?? 0 }

    func parameter(_ name: String) -> String? { handle?.parameter(name) ?? nil }

    /// Whatever stands between may give each transaction another session: nothing is kept in this one.
    func keepNothing() { kept.isOff = true }
}

// MARK: - Time

extension PostgresSession {
    private func arm(after delay: Duration) {
        if let alarm { loop.cancel(alarm) }
        alarm = loop.alarm(after: delay) { [weak self] in self?.assumeIsolated { $0.look() } }
    }

    /// One alarm goes from batch to batch: it finds the oldest too old, or looks again when that may be so.
    private func look() {
        alarm = nil
        switch stage {
        case .closed: return
        case .connecting: late(connectLimit)
        case .open:
            guard let oldest = batches.first, let limit = oldest.limit else { return }
            let left = limit - (ContinuousClock.now - oldest.sentAt)
            if left > .zero { arm(after: left) } else { late(limit) }
        }
    }

    private func late(_ limit: Duration) {
        close(LockError(.unavailable, "\(target): no answer within \(limit)"))
    }
}

// MARK: - The socket

extension PostgresSession {
    private func step(_ wanted: PostgresPollingStatusType) {
        watch(wanted == PGRES_POLLING_READING ? .readable : .writable)
    }

    /// The socket may be another after each step of connecting.
    private func watch(_ events: SocketEvents) {
        guard let now = handle?.socket, now >= 0 else { return lost() }
        guard now != socket else { return loop.wait(now, for: events) }
        if socket >= 0 { loop.forget(socket) }
        socket = now
        loop.watch(now, for: events) { [weak self] events in
            self?.assumeIsolated { $0.told(events) }
        }
    }

    private func told(_ events: SocketEvents) {
        switch stage {
        case .closed: return
        case .connecting(let waiter): connecting(waiter)
        case .open:
            if events.contains(.writable) { flush() }
            if !events.isDisjoint(with: [.readable, .hungUp]) { read() }
        }
    }

    private func connecting(_ waiter: CheckedContinuation<LockError?, Never>?) {
        guard let status = handle?.pollConnect() else { return }
        switch status {
        case PGRES_POLLING_OK:
            guard handle?.enterPipeline() == true else { return lost() }
            stage = .open
            if let alarm { loop.cancel(alarm) }
            alarm = nil
            watch(.readable)
            waiter?.resume(returning: nil)
        case PGRES_POLLING_READING, PGRES_POLLING_WRITING: step(status)
        default: lost()
        }
    }

    /// - Returns: the answers to come; `nil` where the connection has failed.
    private func send(_ statements: [PostgresStatement]) -> PostgresTally? {
        var tally = PostgresTally()
        for statement in statements {
            let way = kept.way(of: statement)
            if case .prepare(let name) = way {
                guard handle?.prepare(name, statement.text) == true else { return nil }
                tally.expect(.preparation(of: statement.text, name))
            }
            guard handle?.send(statement, as: way.name) == true else { return nil }
            tally.expect(.answer)
        }
        return handle?.sync() == true ? tally : nil
    }

    private func flush() {
        guard let isMore = handle?.flush() ?? nil else { return lost() }
        watch(isMore ? [.readable, .writable] : .readable)
    }

    private func read() {
        let isAlive = handle?.consume() == true
        while let (channel, payload) = handle?.notification() ?? nil { onNotify(channel, payload) }
        while !batches.isEmpty, let next = handle?.next() {
            switch next {
            case .result(let result): batches[0].tally.add(result, &kept)
            case .end: guard batches[0].tally.endOne() else { return lost() }
            case .sync:
                let batch = batches.removeFirst()
                // What comes next may have waited behind one that has no limit.
                if alarm == nil, let limit = batches.first?.limit { arm(after: limit) }
                batch.done(.success(batch.tally.results))
            case .nothingYet:
                if !isAlive { lost() }
                return
            }
        }
        if !isAlive { lost() }
    }

    private func lost() {
        let message = handle?.message ?? ""
        if case .connecting = stage {
            return close(Greeting.failure(message, wantsPassword: handle?.usedPassword == true, target))
        }
        close(LockError(.unavailable, "\(target): \(message.isEmpty ? "the connection was lost" : message)"))
    }
}
#endif
