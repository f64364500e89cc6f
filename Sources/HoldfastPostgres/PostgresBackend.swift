#if Postgres
public import Holdfast
public import Logging

/// Claims on a PostgreSQL server.
///
/// ``PostgresConfiguration/Locks/named``, the default, takes advisory locks, which other libraries know, too: exclusive
/// and shared, on single keys, for as long as a session with the server lives. ``PostgresConfiguration/Locks/table``
/// keeps claims as rows, which live by the server's clock: all modes, several keys in one claim, behind any pooler.
public final class PostgresBackend: LockBackend {
    let engine: any BareStore

    /// Makes a backend; it connects in ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: where the server is, and how it keeps claims.
    ///   - logger: where lost connections and unsafe settings of the server are told; nowhere by default.
    /// - Throws: ``LockError/Code/invalidArgument`` for a prefix or a schema that cannot be.
    public convenience init(_ configuration: PostgresConfiguration, logger: Logger? = nil) throws(LockError) {
        try self.init(configuration, logger: logger, bounds: PostgresBounds())
    }

    init(_ configuration: PostgresConfiguration, logger: Logger?, bounds: PostgresBounds) throws(LockError) {
        switch configuration.locks {
        case .table: engine = try TableBackend(configuration, logger: logger, bounds: bounds)
        case .named: engine = try NamedBackend(configuration, logger: logger, bounds: bounds)
        }
    }

    public var capabilities: BackendCapabilities { engine.capabilities }

    /// The thread on which the sessions live.
    public var executor: (any TaskExecutor)? { engine.executor }

    /// Keeps the sessions, and looks after waiting claims.
    public func run() async throws { try await engine.run() }

    public func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        try await engine.place(claim, condition)
    }

    public func grant(of id: Claim.ID) async throws(LockError) -> Grant { try await engine.grant(of: id) }

    public func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        try await engine.extend(ids, for: timeToLive)
    }

    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal { try await engine.remove(id) }

    public func ask(_ id: Claim.ID) async throws(LockError) -> Removal { try await engine.ask(id) }

    /// One round trip; not flushed: a server that crashes may have the note before.
    ///
    /// - Throws: ``LockError/Code/unsupported`` where locks are named.
    public func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        try await engine.annotate(id, with: note)
    }

    /// Rows of a table in the schema, whatever locks are. Each verb is one round trip; what is written or deleted is on
    /// disk when it is answered.
    public var records: (any RecordStore)? { engine.records }

    public func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        try await engine.claims(withPrefix: prefix, limit: limit)
    }

    public func hints() -> AsyncStream<[Claim.ID]> { engine.hints() }

    public func examine() async throws(LockError) -> [Finding] { try await engine.examine() }
}

extension PostgresBackend: BareStore {
    package func bareCycle(_ number: UInt64) async throws(LockError) { try await engine.bareCycle(number) }

    package func barePush(_ number: UInt64) async throws(LockError) -> Duration { try await engine.barePush(number) }
}
#endif
