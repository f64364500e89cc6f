#if MySQL
import Holdfast

/// Where a MySQL or MariaDB server is, and how Holdfast uses it.
///
/// ```swift
/// var configuration = MySQLConfiguration(host: "db", database: "app")
/// configuration.tls = MySQLConfiguration.TLS()
/// configuration.credentials = .init(user: "locks", password: password)
/// ```
public struct MySQLConfiguration: Sendable, Hashable {
    /// One server, where clients reach it.
    public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
        /// A name, an address, or the path of a Unix domain socket where it begins with a slash.
        public var host: String
        public var port: Int

        public init(host: String, port: Int = MySQLConfiguration.defaultPort) {
            self.host = host
            self.port = port
        }

        var isUnix: Bool { host.hasPrefix("/") }

        public var description: String {
            if isUnix { return host }
            return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// What keeps the claims. Clients exclude one another where they use the same.
    public enum Locks: String, Sendable, Hashable, CaseIterable {
        /// `GET_LOCK` on dedicated sessions, shared with other libraries: exclusive locks on single keys.
        case named
        /// Rows of tables, which live by the server's clock: all modes, several keys, behind any proxy.
        case table
    }

    /// The port on which MySQL listens.
    public static let defaultPort = 3306
    /// The most sessions that one client may be allowed.
    public static let connectionsLimit = 1_000

    /// The servers to try, in order; the first that takes writes is used. At least one.
    public var endpoints: [Endpoint]
    /// Encryption; `nil` for plain text. Not used on Unix domain sockets.
    public var tls: TLS?
    public var credentials: Credentials?
    /// Where the tables are: 1 to 64 letters, digits, `_`, `$` and `-`.
    public var database: String
    public var locks = Locks.named
    /// Stands before every key in the store.
    public var prefix = ""
    /// How a key becomes a lock's name, where ``locks`` are named.
    public var names = NameFunction.holdfast
    /// The most sessions with the server, beside one that gives orders to the others.
    public var connections = 16
    /// Whether a cluster is used that has several primaries, where named locks exclude nobody on another node, and
    /// tables lose what was written at the same time.
    public var allowsMultiplePrimaries = false
    /// A request is answered within this time, or its outcome is unknown.
    public var requestTimeout: Duration = .seconds(5)
    /// A connection is made, encrypted and logged in within this time.
    public var connectTimeout: Duration = .seconds(5)

    public init(endpoints: [Endpoint], database: String) {
        precondition(!endpoints.isEmpty, "a server has an endpoint")
        self.endpoints = endpoints
        self.database = database
    }

    /// One server.
    public init(host: String, port: Int = Self.defaultPort, database: String) {
        self.init(endpoints: [Endpoint(host: host, port: port)], database: database)
    }

    /// - Throws: ``LockError/Code/invalidArgument`` for what no server could be asked.
    func validate() throws(LockError) {
        if !prefix.isEmpty { _ = try LockKey(prefix) }
        guard 2...Self.connectionsLimit ~= connections else {
            throw LockError(
                .invalidArgument, "connections are 2 to \(Self.connectionsLimit); \(connections) were asked for")
        }
        let isPlain = database.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x24, 0x2D: true
            default: false
            }
        }
        guard isPlain, 1...64 ~= database.utf8.count else {
            throw LockError(
                .invalidArgument,
                "a database has 1 to 64 letters, digits, _, $ and -, and is named behind the hosts; not "
                    + database.debugDescription)
        }
    }
}

extension MySQLConfiguration {
    /// How a connection is encrypted. The server's certificate is verified, unless ``verifies`` is turned off.
    public struct TLS: Sendable, Hashable {
        /// Whether the server's certificate and name are checked. Never turned off by anything but this.
        public var verifies = true
        /// A file of certificates to trust, PEM; the system's where there is none.
        public var authorityFile: String?
        /// This client's certificate and what leads to it, PEM.
        public var certificateFile: String?
        /// This client's key, PEM, which nobody else may read.
        public var keyFile: String?

        public init() {}
    }

    /// Who connects. Never shown.
    public struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        public var user: String
        /// Empty where the server asks for none.
        public var password: String

        public init(user: String, password: String = "") {
            self.user = user
            self.password = password
        }

        public var description: String { "credentials" }
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
}

extension MySQLConfiguration: CustomStringConvertible {
    /// Where the server is, for messages: without credentials.
    public var description: String {
        "mysql://\(endpoints.map(\.description).joined(separator: ","))/\(database)"
    }
}
#endif
