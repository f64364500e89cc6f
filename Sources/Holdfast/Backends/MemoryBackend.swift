import Synchronization

/// Claims in this process's memory: the reference semantics, for tests and for programs of one process.
///
/// The claims end with the process. Every verb is one step under one lock and returns at once.
public final class MemoryBackend: LockBackend {
    /// One task's wait for a grant; its ticket tells it from another's for the same claim.
    struct Waiter {
        let ticket: UInt64
        let caller: CheckedContinuation<Result<Grant, LockError>, Never>
    }

    struct State {
        var table: ClaimTable
        var records = RecordTable()
        var waiters: [Claim.ID: Waiter] = [:]
        var tickets: UInt64 = 0
        var nextLook: Duration?
        var observers: [AsyncStream<[Claim.ID]>.Continuation] = []
    }

    private let time: Timekeeper
    private let state: Mutex<State>
    private let bell = Bell()

    /// Hints that nobody takes are dropped beyond this many: the next renewal tells the same.
    private static let hintsLimit = 1024

    /// - Parameters:
    ///   - clock: what lives are counted on.
    ///   - lastToken: every token is greater; 1 and up by default.
    public init(clock: some Clock<Duration> = ContinuousClock(), lastToken: FencingToken? = nil) {
        time = Timekeeper(clock)
        let first = lastToken ?? FencingToken(rawValue: 1)
        guard let first else { preconditionFailure("1 is a token") }
        state = Mutex(State(table: ClaimTable(lastToken: first)))
    }

    public var capabilities: BackendCapabilities {
        BackendCapabilities(
            name: "memory", guarantee: .singleAuthority, expiry: .timeToLive, supportsNotes: true,
            supportsRecords: true, supportsPaths: true)
    }

    /// Passes keys on when their holders' claims expire.
    public func run() async throws {
        while !Task.isCancelled {
            let next = step { state, now in
                state.table.expire(now: now)
                state.nextLook = state.table.nextExpiry()
                return state.nextLook
            }
            await bell.wait(until: next, on: time)
        }
    }

    public func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        let outcome = step { state, now -> (Result<Placement, LockError>, Bool) in
            do throws(LockError) {
                let placement = try state.table.place(claim, condition, now: now)
                // Only a claim that somebody waits behind needs its expiry watched.
                return (.success(placement), placement == .waiting() && state.mustLook(now: now))
            } catch {
                return (.failure(error), false)
            }
        }
        if outcome.1 { bell.ring() }
        return try outcome.0.get()
    }

    public func grant(of id: Claim.ID) async throws(LockError) -> Grant {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = step { state, now -> Result<Grant, LockError>? in
                    state.table.expire(now: now)
                    if let grant = state.table.grant(of: id) { return .success(grant) }
                    guard state.table.contains(id) else { return .failure(Self.gone) }
                    guard !Task.isCancelled else { return .failure(Self.cancelled) }
                    guard state.waiters[id] == nil else { return .failure(Self.awaited) }
                    state.waiters[id] = Waiter(ticket: ticket, caller: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters[id]?.ticket == ticket ? state.waiters.removeValue(forKey: id) : nil
            }
            waiter?.caller.resume(returning: .failure(Self.cancelled))
        }
        return try result.get()
    }

    public func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        step { state, now in state.table.extend(ids, for: timeToLive, now: now) }
    }

    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        let (removal, waiter) = step { state, now in
            (state.table.remove(id, now: now), state.waiters.removeValue(forKey: id))
        }
        waiter?.caller.resume(returning: .failure(Self.gone))
        return removal
    }

    public func ask(_ id: Claim.ID) async throws(LockError) -> Removal {
        let (answer, observers) = step { state, now in (state.table.ask(id, now: now), state.observers) }
        for observer in observers { observer.yield([id]) }
        return answer
    }

    public func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        step { state, now in state.table.annotate(id, with: note, now: now) }
    }

    public var records: (any RecordStore)? { self }

    public func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        step { state, now in state.table.records(withPrefix: prefix, limit: limit, now: now) }
    }

    /// Says at once what was asked for. Each client of this backend gets a stream of its own.
    public func hints() -> AsyncStream<[Claim.ID]> {
        AsyncStream(bufferingPolicy: .bufferingNewest(Self.hintsLimit)) { observer in
            state.withLock { $0.observers.append(observer) }
        }
    }

    private static let gone = LockError(.leaseLost, "the claim was removed or has expired")
    private static let cancelled = LockError(.cancelled, "the task that waited for the grant was cancelled")
    private static let awaited = LockError(.invalidArgument, "one task already awaits this claim's grant")

    /// One verb: a step of the table under the lock, then what it caused, outside.
    func step<R>(_ body: (inout State, Duration) -> R) -> R {
        var woken: [(Waiter, Result<Grant, LockError>)] = []
        let answer = state.withLock { state in
            let answer = body(&state, time.now)
            let effects = state.table.takeEffects()
            guard !effects.isEmpty else { return answer }
            for (id, grant) in effects.granted {
                if let waiter = state.waiters.removeValue(forKey: id) { woken.append((waiter, .success(grant))) }
            }
            for id in effects.expired {
                if let waiter = state.waiters.removeValue(forKey: id) { woken.append((waiter, .failure(Self.gone))) }
            }
            return answer
        }
        for (waiter, result) in woken { waiter.caller.resume(returning: result) }
        return answer
    }
}

extension MemoryBackend.State {
    /// Whether `run()` sleeps past the next expiry.
    mutating func mustLook(now: Duration) -> Bool {
        guard let next = table.nextExpiry(), nextLook.map({ next < $0 }) ?? true else { return false }
        nextLook = next
        return true
    }
}

extension MemoryBackend: RecordStore {
    /// One step, at once.
    public func read(_ key: LockKey) async throws(LockError) -> Record? {
        step { state, now in state.records.read(key, now: now) }
    }

    /// One step, at once.
    public func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite {
        let outcome = step { state, now -> Result<RecordWrite, LockError> in
            do throws(LockError) {
                return .success(
                    try state.records.write(value, to: key, expecting: expected, timeToLive: timeToLive, now: now))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// One step, at once.
    public func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
        step { state, now in state.records.delete(key, expecting: expected, now: now) }
    }
}
