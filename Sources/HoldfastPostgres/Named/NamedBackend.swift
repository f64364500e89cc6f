#if Postgres
import Holdfast
import HoldfastSQL
import Logging

/// Claims as advisory locks of dedicated sessions: exclusive and shared, on single keys.
final class NamedBackend: LockBackend {
    let configuration: PostgresConfiguration
    let engine: NamedEngine
    /// For measurements alone; opened when they are made.
    let bare: [PostgresPool]
    /// For records alone; opened when they are asked for.
    let pool: PostgresPool
    private let functions: SchemaFunctions
    private let hintStream: AsyncStream<[Claim.ID]>

    init(
        _ configuration: PostgresConfiguration, logger: Logger?, bounds: PostgresBounds = PostgresBounds()
    ) throws(LockError) {
        try configuration.validate()
        guard configuration.connections >= Self.fewestConnections else {
            throw LockError(
                .invalidArgument,
                "named locks need connections=\(Self.fewestConnections) at least: one tries, one waits")
        }
        self.configuration = configuration
        let (hintStream, hinting) = AsyncStream.makeStream(
            of: [Claim.ID].self, bufferingPolicy: .bufferingNewest(bounds.hintsLimit))
        self.hintStream = hintStream
        engine = try NamedEngine(PostgresNamedServer(configuration, bounds), logger: logger) { hinting.yield($0) }
        var few = configuration
        few.connections = bounds.recordSessions
        pool = try PostgresPool(few, bounds: bounds, logger: logger) { _ in }
        let layout = NamedLayout(schema: configuration.schema)
        functions = SchemaFunctions(
            layout.schema, pool, madeBy: layout.statements, bounds, configuration.description)
        var single = configuration
        single.connections = 1
        bare = try [
            PostgresPool(single, bounds: bounds, logger: logger) { _ in },
            PostgresPool(single, bounds: bounds, logger: logger) { _ in },
        ]
    }

    /// Locks live as long as their session; this client's own claims wait behind one another at one place.
    var capabilities: BackendCapabilities {
        BackendCapabilities(
            name: "postgres", guarantee: configuration.endpoints.count > 1 ? .bestEffort : .singleAuthority,
            expiry: .session, supportsPermits: false, keysPerClaimLimit: 1, isFIFO: false, supportsListing: false,
            supportsRecords: true,
            remedy: "a store with locks=table does, for clients that all use it")
    }

    var executor: (any TaskExecutor)? { engine.loop }

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            for pool in bare + [pool] { group.addTask(executorPreference: engine.loop) { await pool.run() } }
            group.addTask(executorPreference: engine.loop) { await self.engine.run() }
        }
    }

    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        guard claim.parts.count == 1, claim.parts[0].mode == .exclusive || claim.parts[0].mode == .shared else {
            throw LockError(
                .unsupported, "named locks are exclusive or shared, and on single keys; use locks=table for more",
                key: claim.parts[0].key)
        }
        guard claim.note == .empty else { throw Self.noteless }
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
                + "pg_locks shows its process")
    }

    func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal { throw Self.noteless }

    var records: (any RecordStore)? { PostgresRecords(functions: functions, prefix: configuration.prefix) }

    func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        throw LockError(.unsupported, "the server knows named locks by number alone; use locks=table to list them")
    }

    func hints() -> AsyncStream<[Claim.ID]> { hintStream }

    private static let fewestConnections = 2
    private static let noteless = LockError(
        .unsupported, "nothing is written down of a named lock, so no note; use locks=table for notes")
}
#endif
