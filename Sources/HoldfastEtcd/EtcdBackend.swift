#if Etcd
public import Holdfast
public import Logging
import Synchronization

/// Claims on an etcd cluster: ordered, fenced and ended by its consensus, beside the locks of etcd's own clients.
///
/// A claim is a key under `<prefix><name>/`, attached to this client's lease: Go's `concurrency.Mutex` and
/// `etcdctl lock` on the same name exclude it, and are excluded by it. The token is the revision that created the key.
public final class EtcdBackend: LockBackend {
    /// What goes on for as long as the backend runs.
    enum Job: Sendable {
        case keep(lease: Int64)
        case follow(stem: [UInt8])
        case mailbox
    }

    let link: EtcdLink
    let configuration: EtcdConfiguration
    let codec: NameCodec
    let roster: Roster
    let leases: SharedLives
    let recordLeases: RecordLeases
    let bounds: ClaimBounds
    let logger: Logger?
    /// Names this client in its claims, so that others can ask it to let go.
    let client = String(UInt64.random(in: 1...UInt64.max), radix: 16)
    /// Whose claims are placed here and nowhere else; 0 where nobody has said so.
    let soleClient = Atomic<UInt64>(0)
    let tombstoneLease = Mutex<(id: Int64, since: Duration)?>(nil)
    private let jobs: AsyncStream<Job>
    private let jobsIn: AsyncStream<Job>.Continuation
    private let hintStream: AsyncStream<[Claim.ID]>
    private let hasMailbox = Atomic(false)

    /// Hints that nobody takes are dropped beyond this many: the next renewal tells the same.
    private static let hintsLimit = 1024

    /// Makes a backend; it connects in ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: where the cluster is, and how keys become names there.
    ///   - logger: where lost connections and leases are told; nowhere by default.
    /// - Throws: ``LockError/Code/invalidArgument`` for a prefix that no key could have, or no endpoint.
    public convenience init(_ configuration: EtcdConfiguration, logger: Logger? = nil) throws(LockError) {
        try self.init(configuration, logger: logger, linkBounds: nil)
    }

    init(
        _ configuration: EtcdConfiguration, logger: Logger?, linkBounds: EtcdBounds?,
        bounds: ClaimBounds = ClaimBounds()
    ) throws(LockError) {
        if !configuration.prefix.isEmpty { _ = try LockKey(configuration.prefix) }
        guard !configuration.endpoints.isEmpty else {
            throw LockError(.invalidArgument, "an etcd cluster has an endpoint: name at least one")
        }
        self.configuration = configuration
        self.logger = logger
        self.bounds = bounds
        codec = NameCodec(prefix: configuration.prefix, names: configuration.names)
        link = EtcdLink(configuration: configuration, bounds: linkBounds, logger: logger)
        let (jobs, jobsIn) = AsyncStream.makeStream(of: Job.self)
        let (hintStream, hinting) = AsyncStream.makeStream(
            of: [Claim.ID].self, bufferingPolicy: .bufferingNewest(Self.hintsLimit))
        (self.jobs, self.jobsIn, self.hintStream) = (jobs, jobsIn, hintStream)
        roster = Roster(follow: { jobsIn.yield(.follow(stem: $0)) }, hint: { hinting.yield($0) })
        recordLeases = RecordLeases(leasesLimit: bounds.recordLeasesLimit, usesLimit: bounds.recordsPerLease)
        leases = SharedLives(time: roster.time, bounds: bounds.lives)
    }

    /// A cluster agrees on every step; claims live as long as their client's lease.
    public var capabilities: BackendCapabilities {
        BackendCapabilities(
            name: "etcd", guarantee: .consensus, expiry: .session, supportsNotes: true, supportsRecords: true,
            supportsPaths: true)
    }

    /// Under the prefix, too: their versions are revisions, and their lives leases that they share.
    public var records: (any RecordStore)? {
        EtcdRecords(link: link, codec: codec, leases: recordLeases, time: roster.time)
    }

    /// Keeps the connection and the leases, and looks after waiting claims. At its end the leases are revoked.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.link.run(farewell: self.revokeLeases) }
            group.addTask { await self.work() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    public func run(for client: UInt64) async throws {
        soleClient.store(client, ordering: .relaxed)
        try await run()
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            group.addTask(executorPreference: link.executor) { await self.watchOwnKeys() }
            for await job in jobs {
                group.addTask(executorPreference: link.executor) {
                    switch job {
                    case .keep(let lease): await self.keep(lease)
                    case .follow(let stem): await self.follow(stem)
                    case .mailbox: await self.readMailbox()
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// A lease is new: it wants to be kept.
    func begin(_ lease: Int64) {
        jobsIn.yield(.keep(lease: lease))
        if !hasMailbox.exchange(true, ordering: .relaxed) { jobsIn.yield(.mailbox) }
    }

    /// The event loop's.
    public var executor: (any TaskExecutor)? { link.executor }

    public func hints() -> AsyncStream<[Claim.ID]> { hintStream }

    static let unexpected = LockError(.unavailable, "etcd answered with something else than was asked for")
}
#endif
