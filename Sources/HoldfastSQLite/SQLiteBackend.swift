#if SQLite
public import Holdfast
import Synchronization

/// Claims in a file that many processes of one machine share: the embedded default, with no server at all.
///
/// A grant is on disk before it is reported. Lives are counted on the boot-time clock, and a boot frees all. What a
/// process held is free as soon as the process is gone, at its time to live where it hangs.
///
/// Records are on disk before they are reported, and survive a boot: their lives are counted on the wall clock.
public final class SQLiteBackend: LockBackend {
    let path: String
    /// This process in the store.
    let processID: Int64
    private let thread: StoreThread
    private let tickets = Atomic<UInt64>(0)
    private let hinting: AsyncStream<[Claim.ID]>.Continuation
    private let hintStream: AsyncStream<[Claim.ID]>
    /// Hints that nobody takes are dropped beyond this many: the next renewal tells the same.
    private static let hintsLimit = 1024

    /// Opens a store, or makes it.
    ///
    /// - Parameters:
    ///   - path: the file; its directory must exist.
    ///   - prefix: stands before every key in the store; empty by default.
    ///   - liveness: how other processes see that this one lives, made for this path, for one backend; made here by
    ///     default.
    /// - Throws: ``LockError/Code/storeUnusable`` where the file is another program's, of another version, on a
    ///   network file system, a link, or cannot be written; ``LockError/Code/unavailable`` where it stays locked.
    public convenience init(path: String, prefix: String = "", liveness: SQLiteLiveness? = nil) throws(LockError) {
        try self.init(path: path, prefix: prefix, liveness: liveness, boot: BootClock.identity())
    }

    /// For tests of another boot, and of steps of the wall clock (microseconds since 1970).
    package init(
        path: String, prefix: String, liveness: SQLiteLiveness?, boot: String,
        wallClock: @escaping @Sendable () -> Int64 = { BootClock.wallMicroseconds }
    ) throws(LockError) {
        (hintStream, hinting) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.hintsLimit))
        thread = try StoreThread()
        let liveness = if let liveness { liveness } else { try SQLiteLiveness(storePath: path) }
        self.path = path
        processID = liveness.processID
        let keeper: StoreKeeper
        do throws(LockError) {
            keeper = try StoreKeeper(
                path: path, prefix: prefix, boot: boot, liveness: liveness, thread: thread,
                hint: { [hinting] in hinting.yield($0) }, wallClock: wallClock)
        } catch {
            liveness.directory.forget(liveness.processID)
            throw error
        }
        try thread.start(keeper)
    }

    deinit { thread.close() }

    public var capabilities: BackendCapabilities {
        BackendCapabilities(
            name: "sqlite", guarantee: .singleAuthority, expiry: .timeToLive, supportsNotes: true,
            supportsRecords: true, supportsPaths: true)
    }

    /// The store has a thread of its own, and needs none of the caller's.
    public func run() async throws {
        let (never, _) = AsyncStream<Void>.makeStream()
        for await _ in never {}
    }

    public func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        try await ask { .place(claim, condition, $0) }
    }

    public func grant(of id: Claim.ID) async throws(LockError) -> Grant {
        let ticket = tickets.wrappingAdd(1, ordering: .relaxed).newValue
        return try await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                thread.send(.grant(id, ticket, caller))
                // A cancellation that came before may have overtaken the question.
                if Task.isCancelled { thread.send(.cancelGrant(id, ticket)) }
            }
        } onCancel: {
            thread.send(.cancelGrant(id, ticket))
        }.get()
    }

    public func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        try await ask { .extend(ids, timeToLive, $0) }
    }

    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        try await ask { .remove(id, $0) }
    }

    public func ask(_ id: Claim.ID) async throws(LockError) -> Removal {
        try await ask { .ask(id, $0) }
    }

    public func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        try await ask { .annotate(id, note, $0) }
    }

    public var records: (any RecordStore)? { self }

    public func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        try await ask { .list(prefix, limit, $0) }
    }

    public func hints() -> AsyncStream<[Claim.ID]> { hintStream }

    func ask<Answer: Sendable>(
        _ operation: (StoreOperation.Caller<Answer>) -> StoreOperation
    ) async throws(LockError) -> Answer {
        try await withCheckedContinuation { thread.send(operation($0)) }.get()
    }
}
#endif
