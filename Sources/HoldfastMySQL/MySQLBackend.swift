#if MySQL
public import Holdfast
public import Logging

/// Claims on a MySQL or MariaDB server.
///
/// ``MySQLConfiguration/Locks/named`` takes them by `GET_LOCK` on sessions of its own: exclusive locks on single keys,
/// which last while their session lives. ``MySQLConfiguration/Locks/table`` keeps them as rows, which live by the
/// server's clock: all modes, several keys in one claim.
public final class MySQLBackend: LockBackend {
    let engine: any BareStore

    /// Makes a backend; it connects in ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: where the server is, and how it keeps claims.
    ///   - logger: where lost connections are told; nowhere by default.
    /// - Throws: ``LockError/Code/invalidArgument`` for a prefix or a database that cannot be.
    public convenience init(_ configuration: MySQLConfiguration, logger: Logger? = nil) throws(LockError) {
        try self.init(configuration, logger: logger, bounds: MySQLBounds())
    }

    init(_ configuration: MySQLConfiguration, logger: Logger?, bounds: MySQLBounds) throws(LockError) {
        switch configuration.locks {
        case .named: engine = try NamedBackend(configuration, logger: logger, bounds: bounds)
        case .table: engine = try TableBackend(configuration, logger: logger, bounds: bounds)
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

    public func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        try await engine.annotate(id, with: note)
    }

    /// Kept in a table of their own, also where locks are named.
    public var records: (any RecordStore)? { engine.records }

    public func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        try await engine.claims(withPrefix: prefix, limit: limit)
    }

    public func hints() -> AsyncStream<[Claim.ID]> { engine.hints() }

    public func examine() async throws(LockError) -> [Finding] { try await engine.examine() }
}

extension MySQLBackend: BareStore {
    package func bareCycle(_ number: UInt64) async throws(LockError) { try await engine.bareCycle(number) }

    package func barePush(_ number: UInt64) async throws(LockError) -> Duration { try await engine.barePush(number) }
}
#endif
