#if Redis
public import Holdfast
public import Logging
import Synchronization

/// Claims on a Redis server, or on a clone of one: fair, fenced, handed over by one push, beside the locks of peers.
///
/// An exclusive holder is the plain string key under `SET key value NX PX`, which redis-py, redsync, redislock,
/// node-redlock, Medallion and hand-written locks share. The server's clock counts lives and makes tokens.
public final class RedisBackend: LockBackend {
    let link: RedisLink
    let configuration: RedisConfiguration
    let codec: NameCodec
    let scripts: ScriptSet
    let roster: Roster
    let ears: Ears
    let logger: Logger?

    /// Makes a backend; it connects in ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: where the server is, and how keys become names there.
    ///   - logger: where lost connections and unsafe settings of the server are told; nowhere by default.
    /// - Throws: ``LockError/Code/invalidArgument`` for a prefix that no key could have.
    public convenience init(_ configuration: RedisConfiguration, logger: Logger? = nil) throws(LockError) {
        try self.init(configuration, logger: logger, bounds: nil)
    }

    init(_ configuration: RedisConfiguration, logger: Logger?, bounds: LinkBounds?) throws(LockError) {
        if !configuration.prefix.isEmpty { _ = try LockKey(configuration.prefix) }
        self.configuration = configuration
        self.logger = logger
        codec = NameCodec(prefix: configuration.prefix, names: configuration.names)
        scripts = ScriptSet(
            peerTurns: configuration.handOffsPerPeerTurn, hasQuarantine: configuration.quarantine != nil)
        let roster = Roster()
        let ears = Ears(roster: roster, hasQuarantine: configuration.quarantine != nil, logger: logger)
        self.roster = roster
        self.ears = ears
        link = RedisLink(
            configuration: configuration, bounds: bounds, logger: logger, onPush: { ears.heard($0) },
            onConnect: { session throws(LockError) in try await ears.connected(session) })
    }

    /// Exclusion holds while the server keeps its data and its clock. Where it may fail over, it is best effort.
    public var capabilities: BackendCapabilities {
        var capabilities = BackendCapabilities(
            name: "redis", guarantee: ears.mayFailOver ? .bestEffort : .singleAuthority, expiry: .timeToLive,
            supportsNotes: true, supportsRecords: true, supportsPaths: true)
        if let quarantine = configuration.quarantine { capabilities.longestTimeToLive = quarantine }
        return capabilities
    }

    /// Keeps the connection, and looks after waiting claims.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.link.run() }
            group.addTask { await self.lookAfterWaiters() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// The event loop's.
    public var executor: (any TaskExecutor)? { RedisLoop.executor }

    /// Strings on the same server, beside the claims' keys.
    public var records: (any RecordStore)? { RedisRecords(backend: self) }

    public func hints() -> AsyncStream<[Claim.ID]> { ears.hintStream }
}
#endif
