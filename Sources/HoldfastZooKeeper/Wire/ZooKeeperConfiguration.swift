#if ZooKeeper
import Holdfast

/// Where a ZooKeeper ensemble is, and how Holdfast uses it.
///
/// ```swift
/// var configuration = ZooKeeperConfiguration(servers: [.init(host: "zk1"), .init(host: "zk2"), .init(host: "zk3")])
/// configuration.chroot = "/app"
/// configuration.credentials = .init(user: "locks", password: password)
/// ```
public struct ZooKeeperConfiguration: Sendable, Hashable {
    /// How keys become names in the store.
    public enum Names: String, Sendable, Hashable {
        /// Percent-encoded: no key can be mistaken for another, or for one of Holdfast's own.
        case encoded
        /// As they are, to share them with other libraries.
        case raw
    }

    /// Which of Curator's locks excludes ours, and is excluded by ours. All clients of a store must agree.
    public enum Dialect: String, Sendable, Hashable, CaseIterable {
        /// `InterProcessMutex`; all modes.
        case mutex
        /// `InterProcessReadWriteLock`; no permits.
        case readWrite = "rw"
    }

    /// Who may do what with the nodes that Holdfast creates.
    public enum Access: String, Sendable, Hashable, CaseIterable {
        /// Anyone anything.
        case open
        /// The user of ``ZooKeeperConfiguration/credentials`` anything, others nothing.
        case creator
    }

    /// The servers of the ensemble, tried in random order.
    public var servers: [Server]
    /// The node below which everything is: `/app/locks`; empty for the root.
    public var chroot = ""
    /// Encryption; `nil` for plain text.
    public var tls: TLS?
    public var credentials: Credentials?
    /// By default ``Access/creator`` with credentials, ``Access/open`` without.
    public var access: Access?
    /// Stands before every key, to make its path below ``chroot``.
    public var prefix = "/locks/"
    public var names = Names.encoded
    public var dialect = Dialect.mutex
    /// A call is answered within this time, or its outcome is unknown.
    public var requestTimeout: Duration = .seconds(3)
    /// A connection to one server is made, encrypted and greeted within this time.
    public var connectTimeout: Duration = .seconds(2)
    /// The servers' `tickTime`, which they tell no client: a follower that is cut off may be wrong for so long.
    public var tickTime: Duration = .seconds(2)

    /// - Parameter servers: at least one.
    public init(servers: [Server]) { self.servers = servers }

    /// One server.
    public init(host: String, port: Int = Self.defaultPort) { self.init(servers: [Server(host: host, port: port)]) }
}
#endif
