import Glibc
package import Holdfast
import Synchronization

/// One thread that waits for the sockets of C libraries, and on which their connections live.
///
/// A connection is an actor with this executor: what its socket has to tell, its callers' requests, and the tasks that
/// prefer this executor all run here, in turn, so that an answer costs one wake-up. Nothing that runs here may block.
///
/// Every `await` of an actor on it is a place where others run, also one that waits for nothing: a task that prefers
/// another executor, or none, is enqueued anew at each call. What is looked at and what is done for it therefore belong
/// into one function without an `await`, or into the body of one continuation; between a look and a continuation that
/// begins to wait, what it waits for may have come.
package final class SocketLoop: SerialExecutor, TaskExecutor {
    private struct Inbox {
        var jobs: [UnownedJob] = []
        /// The thread looks here before it sleeps again.
        var isAwake = true
    }

    private struct Watched {
        var events: SocketEvents
        let body: @Sendable (SocketEvents) -> Void
        /// Another's, where the number is used anew.
        let generation: UInt64
    }

    private struct Sockets {
        var watched: [Int32: Watched] = [:]
        var generation: UInt64 = 0
        /// Since the thread has made its list.
        var isChanged = true
    }

    private let inbox = Mutex(Inbox())
    private let sockets = Mutex(Sockets())
    private let alarms = Mutex(AlarmList())
    /// Two sockets: what is written to the rope wakes the thread.
    private let bell: (ear: Int32, rope: Int32)
    private let thread = Atomic<UInt>(0)

    private static let common = Mutex<SocketLoop?>(nil)

    /// The loop that all connections of the process share; never ended.
    ///
    /// - Throws: ``LockError/Code/unavailable`` where the process has no descriptor or thread left for it.
    package static func shared() throws(LockError) -> SocketLoop {
        let outcome: Result<SocketLoop, LockError> = common.withLock { common in
            if let common { return .success(common) }
            do throws(LockError) {
                let loop = try SocketLoop()
                common = loop
                return .success(loop)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    private init() throws(LockError) {
        var ends: [Int32] = [-1, -1]
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        guard socketpair(AF_UNIX, Int32(kind), 0, &ends) == 0 else { throw Self.failure("socketpair") }
        bell = (ear: ends[0], rope: ends[1])
        guard start() else {
            let failure = Self.failure("the start of a thread")
            close(bell.ear)
            close(bell.rope)
            throw failure
        }
    }

    private static func failure(_ what: String) -> LockError {
        LockError(.unavailable, "\(what) failed: \(String(cString: strerror(errno)))")
    }

    /// The thread owns the loop, and never ends.
    private func start() -> Bool {
        let context = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<SocketLoop>.fromOpaque(context).takeRetainedValue().run()
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            errno = status
            return false
        }
        pthread_detach(thread)
        return true
    }
}

// MARK: - Jobs

extension SocketLoop {
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustWake = inbox.withLock { inbox in
            inbox.jobs.append(job)
            defer { inbox.isAwake = true }
            return !inbox.isAwake
        }
        if mustWake { ring() }
    }

    private func ring() {
        var stroke: UInt8 = 0
        // A full one is rung, too.
        _ = write(bell.rope, &stroke, 1)
    }

    package var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    package func checkIsolated() { precondition(isCurrent, "not on the loop's thread") }

    private func run() -> Never {
        thread.store(UInt(pthread_self()), ordering: .relaxed)
        var jobs: [UnownedJob] = []
        var list = PollList(ear: bell.ear)
        while true {
            let hasMore = runJobs(&jobs)
            refresh(&list)
            list.wait(milliseconds: hasMore ? 0 : alarms.withLock { $0.pause() })
            // What is enqueued from now on is seen without the bell.
            if !hasMore { inbox.withLock { $0.isAwake = true } }
            if list.isRung { drain() }
            for body in alarms.withLock({ $0.takeDue() }) { body() }
            list.told { socket, generation, events in
                let watched = sockets.withLock { $0.watched[socket] }
                // Forgotten meanwhile, or another's.
                guard let watched, watched.generation == generation else { return }
                watched.body(events)
            }
        }
    }

    /// Runs what is there, and what comes of it. A job often leaves another: the sockets need no look in between, but
    /// for those that go on and on.
    ///
    /// - Returns: whether there is more; else the thread may sleep, and who enqueues rings.
    private func runJobs(_ jobs: inout [UnownedJob]) -> Bool {
        for _ in 0..<Self.jobRounds {
            let isDone = inbox.withLock { inbox in
                swap(&inbox.jobs, &jobs)
                inbox.isAwake = !jobs.isEmpty
                return jobs.isEmpty
            }
            if isDone { return false }
            for job in jobs {
                job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            jobs.removeAll(keepingCapacity: true)
        }
        return true
    }

    private static let jobRounds = 16

    private func refresh(_ list: inout PollList) {
        sockets.withLock { sockets in
            guard sockets.isChanged else { return }
            sockets.isChanged = false
            list.replace(sockets.watched.map { ($0.key, $0.value.generation, $0.value.events) })
        }
    }

    private func drain() {
        var strokes = [UInt8](repeating: 0, count: 64)
        while read(bell.ear, &strokes, strokes.count) == strokes.count {}
    }
}

// MARK: - Sockets

extension SocketLoop {
    /// Calls `body` on the loop's thread for as long as a socket has what it is waited for, until it is forgotten.
    ///
    /// On the loop's thread.
    package func watch(
        _ socket: Int32, for events: SocketEvents, _ body: @escaping @Sendable (SocketEvents) -> Void
    ) {
        checkIsolated()
        sockets.withLock { sockets in
            sockets.generation += 1
            sockets.watched[socket] = Watched(events: events, body: body, generation: sockets.generation)
            sockets.isChanged = true
        }
    }

    /// Waits for something else of a socket that is watched. On the loop's thread.
    package func wait(_ socket: Int32, for events: SocketEvents) {
        checkIsolated()
        sockets.withLock { sockets in
            guard let known = sockets.watched[socket], known.events != events else { return }
            sockets.watched[socket]?.events = events
            sockets.isChanged = true
        }
    }

    /// Before the socket is closed: its number may be another's right afterwards. On the loop's thread.
    package func forget(_ socket: Int32) {
        checkIsolated()
        sockets.withLock { sockets in
            guard sockets.watched.removeValue(forKey: socket) != nil else { return }
            sockets.isChanged = true
        }
    }
}

// MARK: - Time

extension SocketLoop {
    /// Calls `body` once on the loop's thread when `delay` is over, a millisecond or so later. On the loop's thread.
    ///
    /// - Returns: what ``cancel(_:)`` takes.
    package func alarm(after delay: Duration, _ body: @escaping @Sendable () -> Void) -> UInt64 {
        checkIsolated()
        return alarms.withLock { $0.add(after: delay, body) }
    }

    /// On the loop's thread.
    package func cancel(_ alarm: UInt64) {
        checkIsolated()
        alarms.withLock { $0.remove(alarm) }
    }
}
