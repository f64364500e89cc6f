#if Redis
import Holdfast

/// Where a Redis server is, and how Holdfast uses it.
///
/// ```swift
/// var configuration = RedisConfiguration(host: "cache.internal")
/// configuration.tls = RedisConfiguration.TLS()
/// configuration.credentials = .init(user: "locks", password: password)
/// ```
public struct RedisConfiguration: Sendable, Hashable {
    /// Where the server listens.
    public enum Endpoint: Sendable, Hashable {
        case tcp(host: String, port: Int)
        /// A Unix domain socket.
        case unix(path: String)
    }

    /// How keys become names in the store.
    public enum Names: String, Sendable, Hashable {
        /// Percent-encoded: no key can be mistaken for another, or for one of Holdfast's own.
        case encoded
        /// As they are, to share them with other libraries.
        case raw
    }

    /// When a write counts as done.
    public enum Durability: Sendable, Hashable {
        /// When the server has done it.
        case none
        /// When so many replicas have it too; fewer in that time is no grant.
        case replicas(Int, within: Duration)
    }

    /// The port that Redis and its clones listen on.
    public static let defaultPort = 6379

    public var endpoint: Endpoint
    /// Encryption; `nil` for plain text.
    public var tls: TLS?
    public var credentials: Credentials?
    public var database = 0
    /// Stands before every key in the store. `lock:` is what redis-py users and others write.
    public var prefix = "lock:"
    public var names = Names.encoded
    public var durability = Durability.none
    /// Grants nothing for this long after the server restarted or lost its data, so that exclusion holds over it. No
    /// claim may live longer then. Off by default; all clients of a store must agree.
    public var quarantine: Duration?
    /// After so many hand-offs in a row the string is left free for a moment, so that a peer that polls may get it; 0,
    /// the default, is never: a polling peer then waits until our queue is empty.
    public var handOffsPerPeerTurn = 0
    /// A call is answered within this time, or its outcome is unknown.
    public var requestTimeout: Duration = .seconds(2)
    /// A connection is made, encrypted and greeted within this time.
    public var connectTimeout: Duration = .seconds(2)
    /// How this client shows in `CLIENT LIST`.
    public var clientName = "holdfast"

    public init(endpoint: Endpoint) { self.endpoint = endpoint }

    /// A server on the network.
    public init(host: String, port: Int = Self.defaultPort) { self.init(endpoint: .tcp(host: host, port: port)) }
}

extension RedisConfiguration {
    /// How a connection is encrypted. The server's certificate is verified, unless ``verifies`` is turned off.
    public struct TLS: Sendable, Hashable {
        /// Whether the server's certificate and name are checked. Never turned off by anything but this.
        public var verifies = true
        /// A file of certificates to trust, PEM; the system's where there is none.
        public var authorityFile: String?
        /// This client's certificate and what leads to it, PEM.
        public var certificateFile: String?
        /// This client's key, PEM.
        public var keyFile: String?
        /// The name that the server's certificate must have, where it is not the host's.
        public var serverName: String?

        public init() {}
    }

    /// Who connects. Never shown.
    public struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        /// A user of the server's access control list; `nil` for the default user.
        public var user: String?
        public var password: String

        public init(user: String? = nil, password: String) {
            self.user = user
            self.password = password
        }

        public var description: String { "credentials" }
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
}

extension RedisConfiguration: CustomStringConvertible {
    /// Where the server is, for messages: without credentials.
    public var description: String {
        let database = database == 0 ? "" : "/\(database)"
        switch endpoint {
        case .unix(let path): return "redis+unix://\(path)" + (database.isEmpty ? "" : "?database=\(self.database)")
        case .tcp(let host, let port):
            let host = host.contains(":") ? "[\(host)]" : host
            return "\(tls == nil ? "redis" : "rediss")://\(host):\(port)\(database)"
        }
    }
}
#endif
