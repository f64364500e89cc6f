#if Postgres
import Holdfast
import HoldfastSQL
import Logging
import Synchronization

/// A few sessions with a server, opened when they are needed and again when they end, on the loop's thread.
///
/// Each takes many batches at a time, in order: a caller waits for a session only while there is none.
actor PostgresPool {
    private typealias Caller = CheckedContinuation<Result<PostgresSession, LockError>, Never>

    private struct Waiter {
        let ticket: UInt64
        let alarm: UInt64
        let caller: Caller
    }

    private struct Seat {
        let session: PostgresSession
        /// Batches that were given to it, whether they are sent yet or not.
        var load = 0
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

    private var seats: [Seat] = []
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
        let session = try await session()
        defer { done(on: session) }
        return try await session.run(statements)
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
        for session in seats.map(\.session) + dialing { session.assumeIsolated { $0.close(reason) } }
        for waiter in waiters { answer(waiter, .failure(reason)) }
        waiters = []
    }
}

// MARK: - Asking for a session

extension PostgresPool {
    private func session() async throws(LockError) -> PostgresSession {
        try await withCheckedContinuation { assign($0) }.get()
    }

    private func assign(_ caller: Caller) {
        let least = least
        if let least, seats[least].load == 0 { return give(least, to: caller) }
        if seats.count + opening < configuration.connections {
            opening += 1
            open.yield()
        }
        if let least, seats[least].load < bounds.batchesPerSession { return give(least, to: caller) }
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
            self?.assumeIsolated { $0.give(up: ticket) }
        }
        waiters.append(Waiter(ticket: ticket, alarm: alarm, caller: caller))
    }

    private func answer(_ waiter: Waiter, _ answer: Result<PostgresSession, LockError>) {
        loop.cancel(waiter.alarm)
        waiter.caller.resume(returning: answer)
    }

    /// The one with the least to do.
    private var least: Int? { seats.indices.min { seats[$0].load < seats[$1].load } }

    private func give(_ seat: Int, to caller: Caller) {
        seats[seat].load += 1
        caller.resume(returning: .success(seats[seat].session))
    }

    private func done(on session: PostgresSession) {
        guard let seat = seats.firstIndex(where: { $0.session === session }) else { return }
        seats[seat].load -= 1
        serve()
    }

    private func give(up ticket: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return }
        let reason =
            failure ?? LockError(.unavailable, "\(configuration): no session within \(configuration.requestTimeout)")
        answer(waiters.remove(at: index), .failure(Self.neverSent(reason)))
    }

    /// Each session takes its share; the rest waits on.
    private func serve() {
        while !waiters.isEmpty, let least, seats[least].load < bounds.batchesPerSession {
            seats[least].load += 1
            answer(waiters.removeFirst(), .success(seats[least].session))
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
                seats.append(Seat(session: session))
                serve()
                let reason = await session.whenClosed()
                seats.removeAll { $0.session === session }
                if !isOver { logger?.notice("a session has ended", metadata: ["reason": "\(reason)"]) }
                guard seats.isEmpty, !isOver else { return }
                opening += 1
            } catch {
                failed(error, failures)
                failures += 1
                // A cancelled sleep ends the loop.
                try? await time.sleep(until: time.now + bounds.backoff(failures))
                guard seats.isEmpty else { break }
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
        guard error.code != .unavailable, seats.isEmpty else { return }
        for waiter in waiters { answer(waiter, .failure(Self.neverSent(error))) }
        waiters = []
    }

    private static func neverSent(_ reason: LockError) -> LockError {
        LockError(reason.code, reason.message, cause: NeverSent(reason))
    }
}
#endif
