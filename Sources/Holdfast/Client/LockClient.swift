public import Logging
public import ServiceLifecycle
import Synchronization

/// Takes locks on one backend: places claims, waits, renews, notices loss, and releases.
///
/// It is a service: its ``run()`` must run for as long as locks are wanted, in a `ServiceGroup` or a task of its own.
///
/// ```swift
/// let locks = LockClient(backend: MemoryBackend())
/// try await locks.withLock("users/42/profile", wait: .upTo(.seconds(5))) { lease in
///     try await profiles.save(profile, fencing: lease.token)
/// }
/// ```
public final class LockClient: Service, Sendable {
    let backend: any LockBackend
    let configuration: LockClientConfiguration
    let time: Timekeeper
    let owner: Owner
    let observation: Observation
    /// Of the configuration's time to live.
    let usualTiming: LeaseTiming
    let registry = Mutex(Registry())
    let removals = RemovalQueue()
    let backgroundWork = BackgroundWork()
    /// Rung where something falls due earlier than the keeper of time would look.
    let bell = Bell()
    let lockOrder = Mutex(LockOrder())
    private let started = Signal()
    private let stopping = Signal()
    private let drained = Signal()
    private let random: Mutex<RandomSource>
    private let idClient: UInt64
    private let idSequence = Atomic<UInt64>(0)

    /// Makes a client; nothing happens before ``run()``.
    ///
    /// - Parameters:
    ///   - backend: used by this client alone, unless the backend says otherwise.
    ///   - configuration: times and bounds.
    ///   - clock: `ContinuousClock` by default, which also counts while the machine sleeps. Others are for tests.
    ///   - logger: where losses and retries are told; nowhere by default.
    public init(
        backend: any LockBackend, configuration: LockClientConfiguration = LockClientConfiguration(),
        clock: some Clock<Duration> = ContinuousClock(), logger: Logger? = nil
    ) {
        self.backend = backend
        self.configuration = configuration
        time = Timekeeper(clock)
        owner = configuration.owner ?? .current(label: configuration.label)
        usualTiming = LeaseTiming(timeToLive: configuration.timeToLive)
        observation = Observation(backend: backend.capabilities.name, logger: logger)
        var random = RandomSource(seed: configuration.randomSeed)
        idClient = random.next()
        self.random = Mutex(random)
    }

    /// The thread on which the store's answers arrive, where there is one.
    ///
    /// A task that prefers it (`withTaskExecutorPreference(locks.executor) { … }`) awaits locks without a change of
    /// thread, which halves the time of an uncontended cycle on a near server. All such tasks and all answers share the
    /// one thread: for short sections that do not block.
    public var executor: (any TaskExecutor)? { backend.executor }

    /// What the backend can and cannot promise.
    public var capabilities: BackendCapabilities { backend.capabilities }

    /// Keeps the client's locks alive. Call it once.
    ///
    /// On graceful shutdown it refuses new locks, waits until those held are released, and returns. Where its task is
    /// cancelled, all leases are lost and their bodies cancelled.
    ///
    /// - Throws: what the backend's own `run()` throws; ``LockError/Code/invalidArgument`` for a bad configuration.
    public func run() async throws {
        try configuration.validate()
        let isFirst = registry.withLock { registry in
            guard registry.phase == .created else { return registry.phase == .stopping }
            registry.phase = .running
            return true
        }
        precondition(isFirst, "LockClient.run() is called once")
        started.set()
        defer { stop() }
        try await withGracefulShutdownHandler {
            try await runChildren()
        } onGracefulShutdown: {
            self.shutDown()
        }
    }

    private enum ChildEnd { case backend, drained, other }

    private func runChildren() async throws {
        try await withThrowingTaskGroup(of: ChildEnd.self) { group in
            group.addTask {
                try await self.backend.run(for: self.idClient)
                return .backend
            }
            group.addTask {
                await self.keepTime()
                return .other
            }
            group.addTask {
                await self.removeInBackground()
                return .other
            }
            group.addTask {
                await self.answerLate()
                return .other
            }
            group.addTask {
                await self.workInBackground()
                return .other
            }
            group.addTask {
                for await ids in self.backend.hints() { self.look(at: ids) }
                return .other
            }
            group.addTask {
                guard await self.stopping.wait(), await self.drained.wait() else { return .other }
                await self.removals.whenEmpty()
                return .drained
            }
            group.addTask {
                guard await self.stopping.wait(), await self.drained.wait() else { return .other }
                // A cancelled sleep is a sleep that is over.
                try? await self.time.sleep(until: self.time.now + self.configuration.stopLimit)
                return .drained
            }
            defer { group.cancelAll() }
            while let end = try await group.next() {
                if end != .other { return }
            }
        }
    }

    var isRunning: Bool { registry.withLock { $0.phase == .running } }

    var isStopping: Bool { registry.withLock { $0.phase == .stopping } }

    /// Refuses new locks from now on, and those that wait; `run()` returns when those held are released.
    package func shutDown() {
        let (isEmpty, states) = registry.withLock { registry in
            if registry.phase != .stopped { registry.phase = .stopping }
            return (registry.count == 0, Array(registry.states.values))
        }
        // Those that wait would keep the others from going home.
        for state in states.sorted(by: { $0.claim.id < $1.claim.id }) where state.phase == .waiting { state.nudge() }
        stopping.set()
        if isEmpty { drained.set() }
    }

    private func stop() {
        let states = registry.withLock { registry in
            registry.phase = .stopped
            return Array(registry.states.values)
        }
        for state in states.sorted(by: { $0.claim.id < $1.claim.id }) {
            let event = state.update { $0.machine.clientStopped() }
            if let event { happened(event, to: state) }
            state.nudge()
        }
        removals.close()
        backgroundWork.close()
    }

    /// Waits for `run()`, which may be just about to begin beside the caller.
    func ensureRunning() async throws(LockError) {
        switch registry.withLock({ $0.phase }) {
        case .running: return
        case .created: break
        case .stopping, .stopped:
            throw LockError(.notRunning, "this client is stopping and takes no new locks")
        }
        let limit = time.now + configuration.startLimit
        let isRunning = await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.started.wait() }
            group.addTask {
                // A cancelled sleep is a sleep that is over.
                try? await self.time.sleep(until: limit)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        guard !isRunning else { return }
        guard !Task.isCancelled else { throw LockError(.cancelled, "the task was cancelled") }
        throw LockError(
            .notRunning,
            "run() of this LockClient does not run; add the client to your ServiceGroup, or run it in a task group")
    }

    /// What happens to this client's locks from now on; the newest `buffer` events where nobody reads them.
    public func events(buffer: Int = 256) -> AsyncStream<LockEvent> { observation.events(buffer: buffer) }

    func makeID() -> Claim.ID {
        let sequence = idSequence.wrappingAdd(1, ordering: .relaxed).newValue
        return Claim.ID(client: idClient, sequence: sequence)
    }

    /// Between half of `duration` and all of it.
    func jitter(_ duration: Duration) -> Duration {
        let parts = random.withLock { $0.next() } % 1024
        return duration / 2 + duration / 2 * Int(parts) / 1024
    }

    /// Takes a claim off the client's care.
    func unregister(_ state: LeaseState) {
        let isDrained = registry.withLock { registry in
            registry.remove(state.claim.id) && registry.phase == .stopping && registry.count == 0
        }
        if isDrained { drained.set() }
    }
}
