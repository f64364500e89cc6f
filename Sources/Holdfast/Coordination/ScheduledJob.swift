import Logging
public import ServiceLifecycle

/// A job that a service does again and again, on one of its instances at a time.
///
/// ```swift
/// let report = locks.scheduledJob("report", .every(.seconds(3600))) { firing in
///     try await sendReport(fencing: firing.lease.token)
/// }
/// app.addServices(locks, report)
/// ```
///
/// All instances make the same job, and each firing is done by the one that has the lock first. It keeps the lock for
/// `minHold`, however soon the body ends, so that an instance whose clock is behind finds it taken. Clocks may differ
/// by half of `minHold`; an instance that is later than the other half, since it was paused or busy, leaves the firing
/// out.
///
/// A firing is done at most once as long as no lock is lost, and not at all where the instance that has it dies, or
/// where all are late: what must not be left out looks for itself what is left to do. The next firing is done
/// elsewhere.
public struct ScheduledJob: Service {
    /// One time that a job is done.
    public struct Firing: Sendable {
        /// When it was due: the wall time since 1970, the same on all instances.
        public let due: Duration
        /// The job's lock. Carry its token to what the job changes.
        public let lease: Lease
    }

    /// What became of a firing on this instance.
    public enum Outcome: Sendable {
        /// The body returned.
        case ran
        /// Another instance had the lock.
        case elsewhere
        /// This instance was too late: it was paused, its clock was set, or the body of an earlier firing took so long.
        case late
        /// The body threw, the lock was lost, or the store could not be asked. The job goes on.
        case failed(any Error)
    }

    /// `minHold` where nobody says it: half of the interval, and no more than this.
    public static let longestUsualHold: Duration = .seconds(10)

    package let client: LockClient
    let key: LockKey
    let schedule: Schedule
    let options: LockOptions
    let told: (@Sendable (_ due: Duration, Outcome) -> Void)?
    let body: @Sendable (Firing) async throws -> Void
    /// Since 1970.
    package var wall: @Sendable () -> Duration = { .microseconds(WallClock.microseconds) }

    private var minHold: Duration {
        options.minHold ?? min(Self.longestUsualHold, schedule.interval.map { $0 / 2 } ?? Self.longestUsualHold)
    }

    /// Fires until it is cancelled or shut down gracefully, which lets the body end.
    ///
    /// A body that takes longer than the interval leaves firings out. Where the lock is lost, the body is cancelled.
    ///
    /// - Throws: ``LockError/Code/invalidArgument`` for an interval under ``Schedule/shortestInterval``, a `minHold` of
    ///   more than half of the interval, or a schedule that does not go forward; what the lock's call throws that does
    ///   not pass by itself: ``LockError/Code/invalidKey``, ``LockError/Code/unsupported``,
    ///   ``LockError/Code/modeConflict``.
    public func run() async throws {
        try schedule.validate()
        if let interval = schedule.interval, minHold * 2 > interval {
            throw LockError(
                .invalidArgument, "minHold is at most half of the interval of \(interval), not \(minHold)", key: key)
        }
        let stopping = Signal()
        try await withGracefulShutdownHandler {
            try await fireAll(stopping)
        } onGracefulShutdown: {
            stopping.set()
        }
    }

    private func fireAll(_ stopping: Signal) async throws {
        var machine = JobMachine(schedule, lateLimit: minHold / 2, now: wall())
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            switch try machine.next(now: wall()) {
            case .sleep(let pause): await sleep(pause, stopping)
            case .late(let due): tell(due, .late)
            case .fire(let due):
                if let outcome = try await fire(due, machine) { tell(due, outcome) }
            case .over: _ = await stopping.wait()
            }
        }
    }

    private func sleep(_ pause: Duration, _ stopping: Signal) async {
        await withTaskGroup(of: Void.self) { group in
            // A cancelled sleep is a sleep that is over.
            group.addTask { try? await client.time.sleep(until: client.time.now + pause) }
            group.addTask { _ = await stopping.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    /// - Returns: `nil` where the job was cancelled before it had the lock.
    private func fire(_ due: Duration, _ machine: JobMachine) async throws(LockError) -> Outcome? {
        do {
            return try await client.withLock(key, wait: .no, options: lockOptions) { lease in
                // The lock may have been long in coming.
                guard machine.isInTime(due, now: wall()) else { return .late }
                do {
                    try await body(Firing(due: due, lease: lease))
                    return .ran
                } catch {
                    return .failed(error)
                }
            }
        } catch let error as LockError {
            switch error.code {
            case .busy, .timedOut: return .elsewhere
            case .invalidKey, .invalidArgument, .unsupported, .modeConflict: throw error
            default: return .failed(error)
            }
        } catch {
            return nil
        }
    }

    /// A dead instance's lock must have expired before the next firing.
    private var lockOptions: LockOptions {
        var options = options
        options.minHold = minHold
        if options.timeToLive == nil, let interval = schedule.interval {
            options.timeToLive = min(client.configuration.timeToLive, max(.seconds(1), interval / 2))
        }
        return options
    }

    private func tell(_ due: Duration, _ outcome: Outcome) {
        if case .failed(let error) = outcome {
            client.observation.logger.warning(
                "scheduled job failed; it goes on with its next firing",
                metadata: ["lock.key": "\(key)", "lock.error": "\(error)"])
        }
        told?(due, outcome)
    }
}

extension LockClient {
    /// A job that one instance of a service does at each time of a schedule. Run it as a service, beside this client.
    ///
    /// Two round trips for each firing on the instance that does it, one on each of the others.
    ///
    /// - Parameters:
    ///   - key: the job's own: 1 to 512 bytes of UTF-8 without control characters.
    ///   - schedule: when it fires, the same on all instances.
    ///   - options: what differs from the client's configuration. `minHold` is half of the interval by default, 10 s at
    ///     most, and 10 s for a schedule of your own; `timeToLive` is at most half of the interval by default, so that
    ///     the death of an instance costs one firing and not the next.
    ///   - told: what became of each firing on this instance; returns soon. Failures are also told to the client's
    ///     logger.
    ///   - body: the job. Its error is told, and does not end the job.
    public func scheduledJob(
        _ key: LockKey, _ schedule: Schedule, options: LockOptions = LockOptions(),
        told: (@Sendable (_ due: Duration, ScheduledJob.Outcome) -> Void)? = nil,
        _ body: @escaping @Sendable (ScheduledJob.Firing) async throws -> Void
    ) -> ScheduledJob {
        ScheduledJob(client: self, key: key, schedule: schedule, options: options, told: told, body: body)
    }
}
