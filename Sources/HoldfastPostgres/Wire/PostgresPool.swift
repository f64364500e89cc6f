#if Postgres
import Holdfast
import HoldfastSQL
import Logging
import Synchronization

/// A few sessions with a server, opened when they are needed and again when they end, on the loop's thread.
///
/// Each takes many batches at a time, in order: a caller waits for a session only while there is none.
actor PostgresPool {
    private struct Waiter {
        let ticket: UInt64
        let caller: CheckedContinuation<Result<PostgresSession, LockError>, Never>
    }

    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let dialer: PostgresDialer
    private let bounds: PostgresBounds
    private let logger: Logger?
    private let time = Timekeeper(ContinuousClock())
    /// Called with each new session before it is used.
    private let prepare: @Sendable (PostgresSession) async throws(LockError) -> Void
    private let openings: AsyncStream<Void>
    private let open: AsyncStream<Void>.Continuation

    private var sessions: [PostgresSession] = []
    private var dialing: [PostgresSession] = []
    private var opening = 0
    private var waiters: [Waiter] = []
    private var tickets: UInt64 = 0
    private var failure: LockError?
    private var isOver = false
    /// Whether a pooler answered when the last session was opened.
    private(set) var isPooled = false

    init(
        _ configuration: PostgresConfiguration, bounds: PostgresBounds, logger: Logger?,
        prepare: @escaping @Sendable (PostgresSession) async throws(LockError) -> Void
    ) throws(LockError) {
        loop = try SocketLoop.shared()
        dialer = PostgresDialer(configuration: configuration)
        self.bounds = bounds
        self.logger = logger
        self.prepare = prepare
        (openings, open) = AsyncStream.makeStream(of: Void.self)
    }

    private var configuration: PostgresConfiguration { dialer.configuration }

    /// Runs the statements as one transaction on some session. Where that is lost, the outcome is unknown.
    func run(_ statements: [PostgresStatement]) async throws(LockError) -> [PostgresResult] {
        try await session().run(statements)
    }

    /// Opens sessions as they are asked for, until the task is cancelled; then ends all.
    func run() async {
        isOver = false
        await withDiscardingTaskGroup { group in
            for await _ in openings { group.addTask(executorPreference: loop) { await self.keepOne() } }
            end()
            group.cancelAll()
        }
    }

    private func end() {
        isOver = true
        let reason = LockError(.notRunning, "\(configuration): the client has stopped")
        for session in sessions + dialing { session.assumeIsolated { $0.close(reason) } }
        for waiter in waiters { waiter.caller.resume(returning: .failure(reason)) }
        waiters = []
    }
}

// MARK: - Asking for a session

extension PostgresPool {
    /// The one with the least to do.
    private func session() async throws(LockError) -> PostgresSession {
        let least = sessions.map { ($0, load($0)) }.min { $0.1 < $1.1 }
        if let (session, load) = least, load == 0 { return session }
        if sessions.count + opening < configuration.connections {
            opening += 1
            open.yield()
        }
        if let (session, load) = least, load < bounds.batchesPerSession { return session }
        guard !isOver else { throw LockError(.notRunning, "\(configuration): the client has stopped") }
        guard waiters.count < bounds.waitersLimit else {
            throw LockError(.limitExceeded, "\(configuration): \(waiters.count) callers wait for a session")
        }
        tickets += 1
        let ticket = tickets
        let alarm = loop.alarm(after: configuration.requestTimeout) { [weak self] in
            self?.assumeIsolated { $0.give(up: ticket) }
        }
        let answer = await withCheckedContinuation { waiters.append(Waiter(ticket: ticket, caller: $0)) }
        loop.cancel(alarm)
        return try answer.get()
    }

    private func load(_ session: PostgresSession) -> Int { session.assumeIsolated { $0.load } }

    private func give(up ticket: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return }
        let reason =
            failure ?? LockError(.unavailable, "\(configuration): no session within \(configuration.requestTimeout)")
        waiters.remove(at: index).caller.resume(returning: .failure(Self.neverSent(reason)))
    }

    /// Each session takes its share; the rest waits on.
    private func serve() {
        while !waiters.isEmpty, let session = sessions.min(by: { load($0) < load($1) }) {
            waiters.removeFirst().caller.resume(returning: .success(session))
            // Their batches are sent when they run: one each, until then nobody knows.
            if sessions.count == 1 { continue }
            sessions.append(sessions.removeFirst())
        }
    }
}

// MARK: - Keeping sessions

extension PostgresPool {
    /// Opens a session and waits for its end. As long as it is the only one, it is opened again and again.
    private func keepOne() async {
        var failures = 0
        while !isOver, !Task.isCancelled {
            do throws(LockError) {
                let session = try await dial()
                (failures, failure) = (0, nil)
                opening -= 1
                sessions.append(session)
                serve()
                let reason = await session.whenClosed()
                sessions.removeAll { $0 === session }
                if !isOver { logger?.notice("a session has ended", metadata: ["reason": "\(reason)"]) }
                guard sessions.isEmpty, !isOver else { return }
                opening += 1
            } catch {
                failed(error, failures)
                failures += 1
                // A cancelled sleep ends the loop.
                try? await time.sleep(until: time.now + bounds.backoff(failures))
                guard sessions.isEmpty else { break }
            }
        }
        opening -= 1
    }

    private func dial() async throws(LockError) -> PostgresSession {
        let opened = try await dialer.open(begin: { session in
            self.dialing.append(session)
        })
        defer { dialing.removeAll { $0 === opened.session } }
        isPooled = opened.isPooled
        do throws(LockError) {
            try await prepare(opened.session)
            guard !isOver else { throw LockError(.notRunning, "\(configuration): the client has stopped") }
        } catch {
            await opened.session.close(error)
            throw error
        }
        return opened.session
    }

    private func failed(_ error: LockError, _ failures: Int) {
        failure = error
        guard !isOver else { return }
        logger?.log(level: failures == 0 ? .warning : .debug, "no session", metadata: ["error": "\(error)"])
        // What no other attempt can mend is told at once.
        guard error.code != .unavailable, sessions.isEmpty else { return }
        for waiter in waiters { waiter.caller.resume(returning: .failure(Self.neverSent(error))) }
        waiters = []
    }

    private static func neverSent(_ reason: LockError) -> LockError {
        LockError(reason.code, reason.message, cause: NeverSent(reason))
    }
}
#endif
