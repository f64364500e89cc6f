#if ZooKeeper
public import Holdfast
public import Logging

/// Keeps claims in ZooKeeper. Not yet: every verb throws ``LockError/Code/unsupported``.
public final class ZooKeeperBackend: LockBackend {
    private let configuration: ZooKeeperConfiguration

    /// Makes a backend; it connects in ``run()``.
    public init(_ configuration: ZooKeeperConfiguration, logger: Logger? = nil) throws(LockError) {
        self.configuration = configuration
    }

    private static let unfinished = LockError(.unsupported, "claims in ZooKeeper are not there yet")

    public var capabilities: BackendCapabilities {
        BackendCapabilities(name: "zookeeper", guarantee: .consensus, expiry: .session)
    }

    public func run() async throws { throw Self.unfinished }

    public func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        throw Self.unfinished
    }

    public func grant(of id: Claim.ID) async throws(LockError) -> Grant { throw Self.unfinished }

    public func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        throw Self.unfinished
    }

    public func remove(_ id: Claim.ID) async throws(LockError) -> Removal { throw Self.unfinished }

    public func ask(_ id: Claim.ID) async throws(LockError) -> Removal { throw Self.unfinished }

    public func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        throw Self.unfinished
    }
}
#endif
