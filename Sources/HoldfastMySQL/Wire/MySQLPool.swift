#if MySQL
import Holdfast
import HoldfastSQL
import Logging

/// A few sessions with a server, opened when they are needed and again when they end. Each does one request at a time.
actor MySQLPool {
    private typealias Caller = CheckedContinuation<Result<MySQLSession, LockError>, Never>

    private struct Waiter {
        let ticket: UInt64
        let alarm: UInt64
        let caller: Caller
    }

    nonisolated let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let configuration: MySQLConfiguration
    private let bounds: MySQLBounds
    private let logger: Logger?
    private let time = Timekeeper(ContinuousClock())
    /// Called with each new session before it is used.
    private let prepare: @Sendable (MySQLSession) async throws(LockError) -> Void
    private let openings: AsyncStream<Void>
    private let open: AsyncStream<Void>.Continuation

    private var all: [MySQLSession] = []
    private var idle: [MySQLSession] = []
    private var opening = 0
    private var waiters: [Waiter] = []
    private var tickets: UInt64 = 0
    private var failure: LockError?
    private var isOver = false

    init(
        _ configuration: MySQLConfiguration, bounds: MySQLBounds, logger: Logger?,
        prepare: @escaping @Sendable (MySQLSession) async throws(LockError) -> Void
    ) throws(LockError) {
        loop = try SocketLoop.shared()
        self.configuration = configuration
        self.bounds = bounds
        self.logger = logger
        self.prepare = prepare
        (openings, open) = AsyncStream.makeStream(of: Void.self)
    }

    /// Runs a request on some session. Where that is lost, the outcome is unknown.
    func run(_ text: String) async throws(LockError) -> MySQLAnswer {
        let session = try await session()
        let answer = try await session.run(text, within: configuration.requestTimeout)
        // Broken off, a procedure has not given back what it locked; and a new session makes what is missing.
        let isOver = answer.fault.map { $0.isInterrupted || $0.isMissing } ?? false
        if isOver { session.end() } else { giveBack(session) }
        return answer
    }

    /// Opens sessions as they are asked for, until the task is cancelled; then ends all.
    func run() async {
        isOver = false
        await withDiscardingTaskGroup { group in
            for await _ in openings { group.addTask(executorPreference: loop) { await self.openOne() } }
            group.cancelAll()
        }
        isOver = true
        let reason = LockError(.notRunning, "\(configuration): the client has stopped")
        for session in all { session.end(reason) }
        refuse(reason)
    }

    private func refuse(_ reason: LockError) {
        let refused = waiters
        waiters = []
        let failure = LockError(reason.code, reason.message, cause: NeverSent(reason))
        for waiter in refused { answer(waiter, .failure(failure)) }
    }
}

// MARK: - Asking for a session

extension MySQLPool {
    private func session() async throws(LockError) -> MySQLSession {
        try await withCheckedContinuation { assign($0) }.get()
    }

    private func assign(_ caller: Caller) {
        if let session = idle.popLast() { return caller.resume(returning: .success(session)) }
        guard !isOver else {
            return caller.resume(
                returning: .failure(LockError(.notRunning, "\(configuration): the client has stopped")))
        }
        guard waiters.count < bounds.waitersLimit else {
            let text = "\(configuration): \(waiters.count) callers wait for a session"
            return caller.resume(returning: .failure(LockError(.limitExceeded, text)))
        }
        tickets += 1
        let ticket = tickets
        let alarm = loop.alarm(after: configuration.requestTimeout) { [weak self] in
            self?.assumeIsolated { $0.giveUp(ticket) }
        }
        waiters.append(Waiter(ticket: ticket, alarm: alarm, caller: caller))
        openMore()
    }

    private func answer(_ waiter: Waiter, _ answer: Result<MySQLSession, LockError>) {
        loop.cancel(waiter.alarm)
        waiter.caller.resume(returning: answer)
    }

    private func openMore() {
        guard waiters.count > opening, all.count + opening < configuration.connections else { return }
        opening += 1
        open.yield()
    }

    private func giveUp(_ ticket: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return }
        let text = "\(configuration): no session within \(configuration.requestTimeout)"
        let reason = failure ?? LockError(.unavailable, text)
        answer(
            waiters.remove(at: index), .failure(LockError(reason.code, reason.message, cause: NeverSent(reason))))
    }

    private func giveBack(_ session: MySQLSession) {
        guard all.contains(where: { $0 === session }) else { return }
        guard waiters.isEmpty else { return answer(waiters.removeFirst(), .success(session)) }
        idle.append(session)
    }
}

// MARK: - Opening

extension MySQLPool {
    /// Opens one session, again and again for as long as somebody waits.
    private func openOne() async {
        var failures = 0
        while !isOver, !Task.isCancelled {
            do throws(LockError) {
                let session = try await dial()
                (failures, failure) = (0, nil)
                all.append(session)
                session.onEnd { [weak self] reason in self?.assumeIsolated { $0.ended(session, reason) } }
                giveBack(session)
                break
            } catch {
                failure = error
                logger?.log(level: failures == 0 ? .warning : .debug, "no session", metadata: ["error": "\(error)"])
                // What no other attempt can mend is told at once.
                if error.code != .unavailable { refuse(error) }
                failures += 1
                // A cancelled sleep ends the loop.
                try? await time.sleep(until: time.now + bounds.backoff(failures))
                guard !waiters.isEmpty else { break }
            }
        }
        opening -= 1
    }

    private func dial() async throws(LockError) -> MySQLSession {
        let opened = try await MySQLDialer(configuration: configuration).open([
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
        ])
        do throws(LockError) {
            try await prepare(opened.session)
            guard !isOver else { throw LockError(.notRunning, "\(configuration): the client has stopped") }
        } catch {
            await opened.session.close(error)
            throw error
        }
        return opened.session
    }

    private func ended(_ session: MySQLSession, _ reason: LockError) {
        all.removeAll { $0 === session }
        idle.removeAll { $0 === session }
        guard !isOver else { return }
        logger?.notice("a session has ended", metadata: ["reason": "\(reason)"])
        if !waiters.isEmpty { openMore() }
    }
}
#endif
