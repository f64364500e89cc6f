#if Redis
import Holdfast
import HoldfastRedis

/// What a URL says about a Redis server.
///
/// `redis://[user[:password]@]host[:port][/database]`, `rediss://` for TLS, and
/// `redis+unix://[user[:password]@]/path/to/socket`.
struct RedisTarget: Sendable, Hashable {
    private(set) var configuration: RedisConfiguration
    var prefix: String { configuration.prefix }
    /// Without credentials.
    var description: String { configuration.description }
    /// The environment may have one.
    private let lacksPassword: Bool

    /// - Parameters:
    ///   - rest: behind the scheme and its colon, without the query. Never shown: it may hold a secret.
    init(_ kind: StoreURL.Kind, _ rest: Substring, _ options: inout StoreOptions) throws(LockError) {
        let authority = try StoreAuthority(rest, Self.malformed(kind))
        if kind == .redisUnix {
            guard authority.place.isEmpty, authority.path.count > 1 else { throw Self.malformed(kind) }
            configuration = RedisConfiguration(endpoint: .unix(path: try PercentText.decode(authority.path)))
            if let database = try options.takeCount("database", Self.databases) { configuration.database = database }
        } else {
            configuration = RedisConfiguration(endpoint: try Self.endpoint(authority.place, kind))
            configuration.database = try Self.database(authority.path)
        }
        if kind == .rediss { configuration.tls = RedisConfiguration.TLS(try TLSOptions(&options)) }
        lacksPassword = authority.password == nil
        if let user = authority.user {
            configuration.credentials = .init(user: user.isEmpty ? nil : user, password: authority.password ?? "")
        }
        try take(&options)
    }

    private mutating func take(_ options: inout StoreOptions) throws(LockError) {
        if let prefix = try options.takePrefix() { configuration.prefix = prefix }
        if let isRaw = try options.takeRawNames() { configuration.names = isRaw ? .raw : .encoded }
        if let timeout = try options.takeDuration("timeout") {
            configuration.requestTimeout = timeout
            configuration.connectTimeout = timeout
        }
        configuration.quarantine = try options.takeDuration("quarantine")
        if let turns = try options.takeCount("peer-turns", 0...1_000_000) { configuration.handOffsPerPeerTurn = turns }
        let within = try options.takeDuration("replicas-within")
        if let replicas = try options.takeCount("replicas", 1...16) {
            configuration.durability = .replicas(replicas, within: within ?? Self.defaultWithin)
        } else if within != nil {
            throw LockError(.invalidArgument, "replicas-within= says how long to wait for replicas=, which is missing")
        }
    }

    /// With the password that the URL does not say.
    ///
    /// - Parameter environment: the value of a variable.
    func opened(_ environment: (String) -> String?) throws(LockError) -> RedisConfiguration {
        guard lacksPassword else { return configuration }
        var configuration = configuration
        if let secret = try StoreSecret.read(environment) {
            configuration.credentials = .init(user: configuration.credentials?.user, password: secret)
        } else if configuration.credentials != nil {
            throw StoreSecret.missing
        }
        return configuration
    }

    private static func endpoint(
        _ text: Substring, _ kind: StoreURL.Kind
    ) throws(LockError) -> RedisConfiguration.Endpoint {
        guard !text.contains(",") else {
            throw LockError(
                .unsupported, "several hosts: Sentinel and Cluster are not supported yet; name one server")
        }
        let host = try StoreAuthority.host(text, malformed(kind))
        return .tcp(host: host.name, port: host.port ?? RedisConfiguration.defaultPort)
    }

    private static func database(_ path: Substring) throws(LockError) -> Int {
        guard path.count > 1 else { return 0 }
        guard let number = Int(path.dropFirst()), databases ~= number else {
            throw LockError(
                .invalidArgument, "a database of Redis is a number: redis://host/1; in a password write / as %2F")
        }
        return number
    }

    private static func malformed(_ kind: StoreURL.Kind) -> LockError {
        kind == .redisUnix
            ? LockError(.invalidArgument, "write redis+unix:///path/to/redis.sock, with an absolute path")
            : LockError(.invalidArgument, "write \(kind.rawValue)://host, or \(kind.rawValue)://user@host:6379/0")
    }

    private static let databases = 0...65_535
    private static let defaultWithin: Duration = .milliseconds(500)
}

extension RedisConfiguration.TLS {
    fileprivate init(_ options: TLSOptions) {
        self.init()
        authorityFile = options.authorityFile
        certificateFile = options.certificateFile
        keyFile = options.keyFile
        serverName = options.serverName
        verifies = options.verifies
    }
}
#endif
