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
        guard rest.hasPrefix("//") else { throw Self.malformed(kind) }
        let behind = rest.dropFirst(2)
        let authority = behind.prefix { $0 != "/" }
        let path = behind.dropFirst(authority.count)
        guard !path.contains("@") else {
            throw LockError(
                .invalidArgument, "an @ behind the host: in a user or password write / as %2F, ? as %3F, @ as %40")
        }
        let at = authority.lastIndex(of: "@")
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        if kind == .redisUnix {
            guard place.isEmpty, path.count > 1 else { throw Self.malformed(kind) }
            configuration = RedisConfiguration(endpoint: .unix(path: try PercentText.decode(path)))
            if let database = try options.takeCount("database", Self.databases) { configuration.database = database }
        } else {
            configuration = RedisConfiguration(endpoint: try Self.endpoint(place, kind))
            configuration.database = try Self.database(path)
        }
        if kind == .rediss { configuration.tls = try Self.tls(&options) }
        let user = at.map { authority[..<$0] }
        lacksPassword = user?.contains(":") != true
        if let user { configuration.credentials = try Self.credentials(user) }
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
            throw LockError(
                .invalidArgument,
                "the store's URL names a user and no password: set \(StoreSecret.variable) or "
                    + "\(StoreSecret.fileVariable)")
        }
        return configuration
    }

    private static func credentials(_ text: Substring) throws(LockError) -> RedisConfiguration.Credentials {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let user = try PercentText.decode(halves[0])
        let password = halves.count > 1 ? try PercentText.decode(halves[1]) : ""
        return .init(user: user.isEmpty ? nil : user, password: password)
    }

    private static func endpoint(
        _ text: Substring, _ kind: StoreURL.Kind
    ) throws(LockError) -> RedisConfiguration.Endpoint {
        guard !text.contains(",") else {
            throw LockError(
                .unsupported, "several hosts: Sentinel and Cluster are not supported yet; name one server")
        }
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw malformed(kind) }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":", host.contains(":") else { throw malformed(kind) }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let isPlain = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-._:".utf8.contains(byte)
            }
        }
        guard !host.isEmpty, isPlain else { throw malformed(kind) }
        guard let port else { return .tcp(host: String(host), port: RedisConfiguration.defaultPort) }
        guard let number = UInt16(port), number > 0 else {
            throw LockError(
                .invalidArgument,
                "a port is a number from 1 to 65535; an IPv6 address stands in [brackets], and in a user or password "
                    + "write / as %2F, ? as %3F, @ as %40")
        }
        return .tcp(host: String(host), port: Int(number))
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

extension RedisTarget {
    fileprivate static func tls(_ options: inout StoreOptions) throws(LockError) -> RedisConfiguration.TLS {
        var tls = RedisConfiguration.TLS()
        tls.authorityFile = try file("tls-ca", &options)
        tls.certificateFile = try file("tls-cert", &options)
        tls.keyFile = try file("tls-key", &options)
        tls.serverName = options.take("tls-name")
        guard (tls.certificateFile == nil) == (tls.keyFile == nil) else {
            throw LockError(.invalidArgument, "tls-cert= and tls-key= go together")
        }
        switch options.take("tls-verify") {
        case nil, "full": break
        case "none": tls.verifies = false
        default: throw LockError(.invalidArgument, "tls-verify is full, or none, which trusts anybody")
        }
        return tls
    }

    private static func file(_ name: String, _ options: inout StoreOptions) throws(LockError) -> String? {
        guard let path = options.take(name) else { return nil }
        guard path.hasPrefix("/") else {
            throw LockError(
                .invalidArgument, "\(name) is the absolute path of a PEM file, not \(path.debugDescription)")
        }
        return path
    }
}
#endif
