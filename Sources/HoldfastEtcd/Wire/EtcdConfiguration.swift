#if Etcd
import Holdfast

/// Where an etcd cluster is, and how Holdfast uses it.
///
/// ```swift
/// var configuration = EtcdConfiguration(endpoints: [.init(host: "etcd-0"), .init(host: "etcd-1")])
/// configuration.tls = EtcdConfiguration.TLS()
/// configuration.credentials = .init(user: "locks", password: password)
/// ```
public struct EtcdConfiguration: Sendable, Hashable {
    /// One member of the cluster, where clients reach it.
    public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
        public var host: String
        public var port: Int

        public init(host: String, port: Int = EtcdConfiguration.defaultPort) {
            self.host = host
            self.port = port
        }

        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// How keys become names in the store.
    public enum Names: String, Sendable, Hashable {
        /// Percent-encoded: no key can be mistaken for another, or for one of Holdfast's own.
        case encoded
        /// As they are, to share them with `etcdctl lock` and other libraries.
        case raw
    }

    /// The port on which etcd listens for clients.
    public static let defaultPort = 2379

    /// The members to talk to, one at a time; the next where one fails. At least one.
    public var endpoints: [Endpoint]
    /// Encryption; `nil` for plain text.
    public var tls: TLS?
    public var credentials: Credentials?
    /// Stands before every key in the store.
    public var prefix = "lock/"
    public var names = Names.encoded
    /// A call is answered within this time, or its outcome is unknown.
    public var requestTimeout: Duration = .seconds(2)
    /// A connection to one member is made and encrypted within this time.
    public var connectTimeout: Duration = .seconds(2)

    public init(endpoints: [Endpoint]) {
        self.endpoints = endpoints
    }

    /// One member.
    public init(host: String, port: Int = Self.defaultPort) {
        self.init(endpoints: [Endpoint(host: host, port: port)])
    }
}

extension EtcdConfiguration {
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
        public var user: String
        public var password: String

        public init(user: String, password: String) {
            self.user = user
            self.password = password
        }

        public var description: String { "credentials" }
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
}

extension EtcdConfiguration: CustomStringConvertible {
    /// Where the cluster is, for messages: without credentials.
    public var description: String {
        "\(tls == nil ? "etcd" : "etcds")://" + endpoints.map(\.description).joined(separator: ",")
    }
}
#endif
