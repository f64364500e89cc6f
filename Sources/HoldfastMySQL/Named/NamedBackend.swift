#if MySQL
import Holdfast
import HoldfastSQL
import Logging

/// Claims as named locks of dedicated sessions: exclusive, on single keys.
final class NamedBackend: LockBackend {
    let configuration: MySQLConfiguration
    let engine: NamedEngine
    /// For measurements alone; opened when they are made.
    let bare: [MySQLPool]
    /// Sessions without locks, opened where somebody uses records.
    private let recordPool: MySQLPool
    private let recordTable: MySQLRecords
    private let hintStream: AsyncStream<[Claim.ID]>

    init(
        _ configuration: MySQLConfiguration, logger: Logger?, bounds: MySQLBounds = MySQLBounds()
    ) throws(LockError) {
        try configuration.validate()
        let (hintStream, hinting) = AsyncStream.makeStream(
            of: [Claim.ID].self, bufferingPolicy: .bufferingNewest(bounds.hintsLimit))
        self.hintStream = hintStream
        self.configuration = configuration
        engine = try NamedEngine(MySQLNamedServer(configuration, bounds), logger: logger) { hinting.yield($0) }
        var few = configuration
        few.connections = min(few.connections, bounds.recordSessions)
        recordPool = try MySQLPool(few, bounds: bounds, logger: logger) { _ in }
        recordTable = MySQLRecords(recordPool, configuration, bounds)
        var single = configuration
        single.connections = 1
        bare = try [
            MySQLPool(single, bounds: bounds, logger: logger) { _ in },
            MySQLPool(single, bounds: bounds, logger: logger) { _ in },
        ]
    }

    /// Locks live as long as their session; this client's own claims wait behind one another at one place.
    var capabilities: BackendCapabilities {
        BackendCapabilities(
            name: "mysql", guarantee: configuration.endpoints.count > 1 ? .bestEffort : .singleAuthority,
            expiry: .session, supportsShared: false, supportsPermits: false, keysPerClaimLimit: 1, isFIFO: false,
            supportsListing: false, supportsRecords: true,
            remedy: "a store with locks=table does, for clients that all use it")
    }

    var records: (any RecordStore)? { recordTable }

    var executor: (any TaskExecutor)? { engine.loop }

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            for pool in bare { group.addTask(executorPreference: engine.loop) { await pool.run() } }
            group.addTask(executorPreference: engine.loop) { await self.recordPool.run() }
            group.addTask(executorPreference: engine.loop) { await self.recordTable.sweep() }
            group.addTask(executorPreference: engine.loop) { await self.engine.run() }
        }
    }

    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        guard claim.parts.count == 1, claim.parts[0].mode == .exclusive else {
            throw LockError(
                .unsupported, "named locks are exclusive, and on single keys; use locks=table for more",
                key: claim.parts[0].key)
        }
        return try await engine.place(claim, condition)
    }

    func grant(of id: Claim.ID) async throws(LockError) -> Grant { try await engine.desk.wait(for: id) }

    func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        try await engine.extend(ids, for: timeToLive)
    }

    func remove(_ id: Claim.ID) async throws(LockError) -> Removal { try await engine.remove(id) }

    func ask(_ id: Claim.ID) async throws(LockError) -> Removal {
        if let removal = await engine.ask(id) { return removal }
        throw LockError(
            .unsupported,
            "a named lock's holder in another process cannot be asked to let go; use locks=table, or end its session: "
                + "KILL IS_USED_LOCK(name)")
    }

    func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        throw LockError(.unsupported, "the server does not list named locks; use locks=table")
    }

    func hints() -> AsyncStream<[Claim.ID]> { hintStream }
}
#endif
