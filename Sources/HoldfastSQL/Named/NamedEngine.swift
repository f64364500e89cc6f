package import Holdfast
package import Logging

/// Named locks of one client: which session tries, holds and waits for which, on the loop's thread.
///
/// A lock belongs to the session that took it. Free locks are tried by one session for each time to live, many in one
/// request; where another process has a lock, a session of its own waits for it, one for all of this client's claims.
package actor NamedEngine {
    enum Job: Sendable {
        /// A session that tries, for claims of so many seconds.
        case openShared(Int)
        /// One that waits for a name.
        case openSingle(String)
        /// One for whoever comes.
        case openSpare
        case openControl
    }

    package nonisolated let loop: SocketLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    package nonisolated let server: any NamedServer
    nonisolated let bounds: NamedBounds
    nonisolated let logger: Logger?
    package nonisolated let desk = GrantDesk()
    nonisolated let hint: @Sendable ([Claim.ID]) -> Void
    nonisolated let time = Timekeeper(ContinuousClock())

    var claims: [Claim.ID: NamedClaim] = [:]
    var slots: [String: NamedSlot] = [:]
    var sessions: [UInt64: NamedSession] = [:]
    var lastSession: UInt64 = 0
    /// By their time to live.
    var shared: [Int: UInt64] = [:]
    /// Sessions of one lock that have none.
    var idle: [UInt64] = []
    /// Sessions that are being opened.
    var opening = 0
    var openingShared: Set<Int> = []
    /// Names that no session is left to wait for, in turn.
    var overflow: [String] = []
    var isPolling = false
    /// Gives orders to the server about the other sessions.
    var control: (any NamedWire)?
    var isControlOpening = false
    /// The last of these: it knows what server this is.
    var reference: (any NamedWire)?
    /// Who waits for a session, each with the alarm that ends it.
    var callers: [UInt64: (alarm: UInt64, CheckedContinuation<LockError?, Never>)] = [:]
    var lastCaller: UInt64 = 0
    /// What is to be said where an answer takes too long.
    var late: [UInt64: () -> Void] = [:]
    var lateCallers: UInt64 = 0
    var failure: LockError?
    var isOver = false

    private let jobs: AsyncStream<Job>
    nonisolated let job: AsyncStream<Job>.Continuation

    package init(
        _ server: any NamedServer, logger: Logger?,
        hint: @escaping @Sendable ([Claim.ID]) -> Void
    ) throws(LockError) {
        loop = try SocketLoop.shared()
        self.server = server
        bounds = server.bounds
        self.logger = logger
        self.hint = hint
        (jobs, job) = AsyncStream.makeStream(of: Job.self)
    }

    /// Opens sessions as they are needed, until the task is cancelled; then ends all, and with them their locks.
    package func run() async {
        isOver = false
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask(executorPreference: loop) { await self.perform(job) }
            }
            group.cancelAll()
        }
        await end()
    }

    private func end() async {
        isOver = true
        // The server looks only now and then whether a session that waits still has a client.
        let waiting = sessions.values.filter { session in slots.values.contains { $0.waiter == session.id } }
        if let control, !waiting.isEmpty {
            await control.order(waiting.map(\.session.termination), within: .seconds(1))
        }
        for session in sessions.values { session.session.end(stopped) }
        control?.end(stopped)
        control = nil
        for id in claims.keys { desk.close(id, stopped) }
        claims = [:]
        slots = [:]
        answerCallers(stopped)
    }

    nonisolated var stopped: LockError { LockError(.notRunning, "\(server): the client has stopped") }

    func slot(_ name: String) -> NamedSlot {
        if let slot = slots[name] { return slot }
        let slot = NamedSlot(name)
        slots[name] = slot
        return slot
    }
}
