public import Holdfast
import Synchronization

/// A backend behind a bad network: late, lost and doubled messages by seed, and lies where they are asked for.
///
/// `remove` is deaf to cancellation, as every backend's: a cancelled caller only cuts its delays short.
public final class FaultyBackend: LockBackend {
    /// How often each thing went wrong: a run in which nothing did proves nothing.
    public struct Counts: Sendable, Equatable {
        public var calls = 0
        public var requestsDropped = 0
        public var repliesDropped = 0
        public var duplicates = 0
        public var lateDuplicates = 0
        public var lies = 0
        public var faults: Int { requestsDropped + repliesDropped + duplicates + lateDuplicates + lies }
    }

    struct State {
        var generator: SeededGenerator
        var plan: FaultPlan
        var isCut = false
        var counts = Counts()
        var lastToken: FencingToken?
    }

    /// What is to happen to one call.
    struct Fate {
        var requestDelay: Duration
        var replyDelay: Duration
        var dropsRequest = false
        var dropsReply = false
        var repeats = false
        var repeatsAfter: Duration?
        var patience: Duration
    }

    struct Late: Sendable {
        let due: Duration
        let execute: @Sendable () async -> Void
    }

    /// Messages under way for a second time; beyond it the oldest are lost.
    private static let latesLimit = 1024

    let inner: any LockBackend
    let time: Timekeeper
    let state: Mutex<State>
    private let lates: AsyncStream<Late>
    let lateArrivals: AsyncStream<Late>.Continuation

    public init(
        _ inner: any LockBackend, seed: UInt64, plan: FaultPlan, clock: some Clock<Duration> = ContinuousClock()
    ) {
        self.inner = inner
        time = Timekeeper(clock)
        state = Mutex(State(generator: SeededGenerator(seed: seed), plan: plan))
        (lates, lateArrivals) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.latesLimit))
    }

    public var capabilities: BackendCapabilities { inner.capabilities }
    public var counts: Counts { state.withLock { $0.counts } }

    /// Changes what goes wrong from now on.
    public func setPlan(_ plan: FaultPlan) { state.withLock { $0.plan = plan } }

    /// Cuts the line: nothing is executed, and every call is reported as unavailable. Or mends it.
    public func setCut(_ isCut: Bool) { state.withLock { $0.isCut = isCut } }

    /// Runs the inner backend, and delivers what was to arrive a second time.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.inner.run() }
            group.addTask { await self.deliver() }
            try await group.next()
            group.cancelAll()
        }
    }

    private func deliver() async {
        await withDiscardingTaskGroup { group in
            for await late in lates {
                group.addTask {
                    // A cancelled sleep means the end of the test: then nothing arrives any more.
                    guard (try? await self.time.sleep(until: late.due)) != nil else { return }
                    await late.execute()
                }
            }
        }
    }

    public func hints() -> AsyncStream<[Claim.ID]> { inner.hints() }
}

extension FaultyBackend {
    public func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        let placement = try await call(.place) { () throws(LockError) in try await self.inner.place(claim, condition) }
        switch placement {
        case .held(let grant): return .held(truth(of: grant))
        case .waiting where lies(.heldWhileWaiting): return .held(invented())
        default: return placement
        }
    }

    /// Faults apply to the reply and to the request, never a repetition: a wait is no message.
    public func grant(of id: Claim.ID) async throws(LockError) -> Grant {
        let fate = fate(of: .grant)
        try await arrive(fate, .grant)
        let grant = try await inner.grant(of: id)
        try await answer(fate, .grant)
        return truth(of: grant)
    }

    public func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        var outcome = try await call(.extend) { () throws(LockError) in
            try await self.inner.extend(ids, for: timeToLive)
        }
        if !outcome.gone.isEmpty, lies(.extendedWhileGone) { outcome.gone = [] }
        return outcome
    }

    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        if lies(.removedWhileThere) { return .removed }
        return try await call(.remove) { () throws(LockError) in try await self.inner.remove(id) }
    }

    public func ask(_ id: Claim.ID) async throws(LockError) -> Removal {
        try await call(.ask) { () throws(LockError) in try await self.inner.ask(id) }
    }

    public func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        try await call(.annotate) { () throws(LockError) in try await self.inner.annotate(id, with: note) }
    }

    public var records: (any RecordStore)? { inner.records.map { FaultyRecords($0, behind: self) } }

    public func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        try await call(.claims) { () throws(LockError) in try await self.inner.claims(withPrefix: prefix, limit: limit)
        }
    }
}
