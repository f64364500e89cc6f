#if Postgres
import Holdfast
import HoldfastSQL
import Logging
import Synchronization

/// Claims as rows of a table, which live by the server's clock.
final class TableBackend: LockBackend {
    let configuration: PostgresConfiguration
    let layout: TableLayout
    let bounds: PostgresBounds
    let pool: PostgresPool
    let functions: SchemaFunctions
    let roster = TableRoster()
    let ear: TableEar
    let logger: Logger?
    let time = Timekeeper(ContinuousClock())
    private let hinting: AsyncStream<[Claim.ID]>.Continuation
    private let hintStream: AsyncStream<[Claim.ID]>

    init(
        _ configuration: PostgresConfiguration, logger: Logger?, bounds: PostgresBounds = PostgresBounds()
    ) throws(LockError) {
        try configuration.validate()
        self.configuration = configuration
        self.bounds = bounds
        self.logger = logger
        let layout = TableLayout(schema: configuration.schema)
        self.layout = layout
        let target = configuration.description
        pool = try PostgresPool(configuration, bounds: bounds, logger: logger) { session throws(LockError) in
            try await layout.prepare(session, target)
        }
        functions = SchemaFunctions(layout.schema, pool, madeBy: layout.statements, bounds, target)
        (hintStream, hinting) = AsyncStream.makeStream(
            of: [Claim.ID].self, bufferingPolicy: .bufferingNewest(bounds.hintsLimit))
        let (roster, hinting) = (roster, hinting)
        ear = TableEar(configuration, bounds: bounds, logger: logger) { note, id, value in
            switch note {
            case .granted: if let token = FencingToken(rawValue: value) { roster.granted(id, Grant(token: token)) }
            case .removed:
                roster.gone(id)
                hinting.yield([id])
            case .asked: hinting.yield([id])
            }
        }
    }

    /// One primary keeps the table; whether a standby takes over is not known here.
    var capabilities: BackendCapabilities {
        BackendCapabilities(
            name: "postgres", guarantee: configuration.endpoints.count > 1 ? .bestEffort : .singleAuthority,
            expiry: .timeToLive, supportsNotes: true, supportsRecords: true, supportsPaths: true)
    }

    var executor: (any TaskExecutor)? { pool.loop }

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: pool.loop) { await self.pool.run() }
            group.addTask(executorPreference: pool.loop) { await self.lookAfterWaiters() }
            group.addTask(executorPreference: pool.loop) { await self.listen() }
            group.addTask(executorPreference: pool.loop) { await self.sweep() }
        }
    }

    func hints() -> AsyncStream<[Claim.ID]> { hintStream }

    /// Runs one of the schema's functions.
    ///
    /// - Returns: the rows.
    func call(_ function: String, _ parameters: [String?]) async throws(LockError) -> [[String?]] {
        try await functions.call(function, parameters)
    }

    var records: (any RecordStore)? { PostgresRecords(functions: functions, prefix: configuration.prefix) }

    /// Claims of ours that a function has granted on its way.
    func tell(_ granted: String?) {
        for (id, value) in ArrayText.triples(granted ?? "") {
            if let token = FencingToken(rawValue: value) { roster.granted(id, Grant(token: token)) }
        }
    }

    static let unexpected = LockError(.storeUnusable, "PostgreSQL answered with something else than was asked for")
}
#endif
