#if Postgres
import Holdfast

/// Where a PostgreSQL server is, and how Holdfast uses it.
///
/// ```swift
/// var configuration = PostgresConfiguration(host: "db", database: "app")
/// configuration.tls = PostgresConfiguration.TLS()
/// configuration.credentials = .init(user: "locks", password: password)
/// ```
public struct PostgresConfiguration: Sendable, Hashable {
    /// One server, where clients reach it.
    public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
        /// A name, an address, or the folder of a Unix domain socket where it begins with a slash.
        public var host: String
        public var port: Int

        public init(host: String, port: Int = PostgresConfiguration.defaultPort) {
            self.host = host
            self.port = port
        }

        var isUnix: Bool { host.hasPrefix("/") }

        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// What keeps the claims. Clients exclude one another where they use the same.
    public enum Locks: String, Sendable, Hashable, CaseIterable {
        /// Rows of a table, which live by the server's clock: all modes, several keys, behind any pooler.
        case table
        /// Advisory locks of dedicated sessions, shared with other libraries.
        case named
    }

    /// How this client hears at once that another process has handed it a key.
    public enum Listening: Sendable, Hashable {
        /// By a session with the server itself; through a pooler it looks a few times a second instead.
        case same
        /// By a session with this server, around a pooler.
        case at(Endpoint)
        /// Not at all: it looks a few times a second.
        case never
    }

    /// The port on which PostgreSQL listens.
    public static let defaultPort = 5432
    /// The most sessions that one client may be allowed.
    public static let connectionsLimit = 64

    /// The servers to try, in order; the first that takes writes is used. At least one.
    public var endpoints: [Endpoint]
    /// Encryption; `nil` for plain text. Not used on Unix domain sockets.
    public var tls: TLS?
    public var credentials: Credentials?
    public var database: String
    public var locks = Locks.named
    /// Stands before every key in the store.
    public var prefix = ""
    /// How a key becomes an advisory lock's number, where ``locks`` are named.
    public var keys = KeyFunction.holdfast
    /// Whether a pooler that answers for the server keeps a session of it for each client; else named locks refuse it.
    public var poolsSessions = false
    /// The schema that the tables are in: letters, digits and `_`, as PostgreSQL folds no case in it.
    public var schema = "holdfast"
    public var listening = Listening.same
    /// The most sessions with the server, beside the one that listens.
    public var connections = 8
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
}

extension PostgresConfiguration {
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
        /// The name that the server's certificate must have, where it is not the host's.
        public var serverName: String?

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

    /// - Throws: ``LockError/Code/invalidArgument`` for what no server could be asked.
    func validate() throws(LockError) {
        if !prefix.isEmpty { _ = try LockKey(prefix) }
        guard 1...Self.connectionsLimit ~= connections else {
            throw LockError(
                .invalidArgument, "connections are 1 to \(Self.connectionsLimit); \(connections) were asked for")
        }
        // PostgreSQL keeps pg_ to itself, and cuts longer names.
        let isPlain = schema.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
        let startsWell = schema.utf8.first.map { !(0x30...0x39 ~= $0) } ?? false
        guard isPlain, startsWell, schema.utf8.count <= 63, !schema.lowercased().hasPrefix("pg_") else {
            throw LockError(
                .invalidArgument,
                "a schema has 1 to 63 letters, digits and _, no digit and no pg_ in front; not "
                    + schema.debugDescription)
        }
    }
}

extension PostgresConfiguration: CustomStringConvertible {
    /// Where the server is, for messages: without credentials.
    public var description: String {
        "postgres://\(endpoints.map(\.description).joined(separator: ","))/\(database)"
    }
}
#endif
