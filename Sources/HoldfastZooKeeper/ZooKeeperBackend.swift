#if ZooKeeper
public import Holdfast
public import Logging
import Synchronization

/// Claims on a ZooKeeper ensemble: ephemeral nodes in its order, beside the locks of Curator.
///
/// A claim is a node `_c_<guid>-lock-<number>` below `<prefix><name>`, created by this client's session for its time to
/// live: Curator's `InterProcessMutex` on the same path (or, with ``ZooKeeperConfiguration/Dialect/readWrite``, its
/// `InterProcessReadWriteLock`) excludes it, and is excluded by it. The token is the transaction that created the node.
public final class ZooKeeperBackend: LockBackend {
    /// What goes on for as long as the backend runs.
    enum Job: Sendable {
        case keep(life: Int64)
        case follow(parent: String)
        case sweep(isForced: Bool)
    }

    let configuration: ZooKeeperConfiguration
    let codec: PathCodec
    let roster: Roster
    let lives: SharedLives
    let bounds: ClaimBounds
    let sessionBounds: ZooKeeperBounds?
    let logger: Logger?
    /// Names this client in its claims, for people.
    let client = String(UInt64.random(in: 1...UInt64.max), radix: 16)
    let sessions = Mutex<[Int64: LiveSession]>([:])
    let recordBook = Mutex(RecordBook())
    private let jobs: AsyncStream<Job>
    private let jobsIn: AsyncStream<Job>.Continuation
    private let hintStream: AsyncStream<[Claim.ID]>

    /// Hints that nobody takes are dropped beyond this many: the next renewal tells the same.
    private static let hintsLimit = 1024

    /// Makes a backend; it connects in ``run()``, with the first claim.
    ///
    /// - Parameters:
    ///   - configuration: where the ensemble is, and how keys become paths there.
    ///   - logger: where lost connections and sessions are told; nowhere by default.
    /// - Throws: ``LockError/Code/invalidArgument`` for a prefix that is no path, or no server.
    public convenience init(_ configuration: ZooKeeperConfiguration, logger: Logger? = nil) throws(LockError) {
        try self.init(configuration, logger: logger, sessionBounds: nil)
    }

    init(
        _ configuration: ZooKeeperConfiguration, logger: Logger?, sessionBounds: ZooKeeperBounds?,
        bounds: ClaimBounds = ClaimBounds()
    ) throws(LockError) {
        guard !configuration.servers.isEmpty else {
            throw LockError(.invalidArgument, "a ZooKeeper ensemble has a server: name at least one")
        }
        self.configuration = configuration
        self.logger = logger
        self.bounds = bounds
        self.sessionBounds = sessionBounds
        codec = try PathCodec(prefix: configuration.prefix, names: configuration.names)
        let (jobs, jobsIn) = AsyncStream.makeStream(of: Job.self)
        let (hintStream, hinting) = AsyncStream.makeStream(
            of: [Claim.ID].self, bufferingPolicy: .bufferingNewest(Self.hintsLimit))
        (self.jobs, self.jobsIn, self.hintStream) = (jobs, jobsIn, hintStream)
        roster = Roster(follow: { jobsIn.yield(.follow(parent: $0)) }, hint: { hinting.yield($0) })
        lives = SharedLives(time: roster.time, bounds: bounds.lives)
    }

    /// An ensemble agrees on every step; claims live as long as their client's session.
    public var capabilities: BackendCapabilities {
        BackendCapabilities(
            name: "zookeeper", guarantee: .consensus, expiry: .session,
            supportsPermits: configuration.dialect == .mutex, supportsNotes: true, supportsRecords: true,
            supportsPaths: configuration.dialect == .mutex)
    }

    /// Keeps the sessions. At its end they are closed, and all that was claimed is free.
    public func run() async throws {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask(executorPreference: ZooKeeperLoop.executor) {
                    switch job {
                    case .keep(let life): await self.keep(life)
                    case .follow(let parent): await self.follow(parent)
                    case .sweep(let isForced): await self.sweep(isForced: isForced)
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// A session is new: it wants to be kept.
    func begin(_ life: Int64) { jobsIn.yield(.keep(life: life)) }

    /// Records that are over shall be looked for.
    func beginSweep(isForced: Bool) { jobsIn.yield(.sweep(isForced: isForced)) }

    /// In nodes of their own, below `<prefix>!records`.
    public var records: (any RecordStore)? { ZooKeeperRecords(self) }

    /// The event loop's.
    public var executor: (any TaskExecutor)? { ZooKeeperLoop.executor }

    public func hints() -> AsyncStream<[Claim.ID]> { hintStream }
}
#endif
