#if ZooKeeper
import Holdfast

extension ZooKeeperConfiguration {
    /// The port that ZooKeeper listens on.
    public static let defaultPort = 2181

    /// One member of an ensemble.
    public struct Server: Sendable, Hashable, CustomStringConvertible {
        public var host: String
        public var port: Int

        /// - Parameter host: a name or an address.
        public init(host: String, port: Int = ZooKeeperConfiguration.defaultPort) {
            self.host = host
            self.port = port
        }

        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

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
        /// The name that the servers' certificates must have, where it is not the host's.
        public var serverName: String?

        public init() {}
    }

    /// Who connects, by ZooKeeper's scheme `digest`. Never shown.
    public struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        public var user: String
        public var password: String

        /// - Parameter user: without a colon.
        public init(user: String, password: String) {
            self.user = user
            self.password = password
        }

        public var description: String { "credentials" }
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// The list of every node that Holdfast creates.
    var accessList: [ACL] {
        switch access ?? (credentials == nil ? .open : .creator) {
        case .open: ACL.open
        case .creator: ACL.creator
        }
    }
}

extension ZooKeeperConfiguration: CustomStringConvertible {
    /// Where the servers are, for messages: without credentials.
    public var description: String {
        let places = servers.map(\.description).joined(separator: ",")
        return "\(tls == nil ? "zookeeper" : "zookeepers")://\(places)\(chroot)"
    }
}
#endif
