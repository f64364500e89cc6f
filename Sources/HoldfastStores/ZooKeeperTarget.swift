#if ZooKeeper
import Holdfast
import HoldfastZooKeeper

/// What a URL says about a ZooKeeper ensemble.
///
/// `zookeeper://[user[:password]@]host[:port][,host[:port]…][/chroot]`, and `zookeepers://` for TLS.
struct ZooKeeperTarget: Sendable, Hashable {
    private(set) var configuration: ZooKeeperConfiguration
    var prefix: String { configuration.prefix }
    /// Without credentials.
    var description: String { configuration.description }
    /// The environment may have one.
    private let lacksPassword: Bool

    /// - Parameters:
    ///   - rest: behind the scheme and its colon, without the query. Never shown: it may hold a secret.
    init(_ kind: StoreURL.Kind, _ rest: Substring, _ options: inout StoreOptions) throws(LockError) {
        let malformed = LockError(
            .invalidArgument, "write \(kind.rawValue)://host1:2181,host2, or \(kind.rawValue)://user@host1,host2/chroot"
        )
        let authority = try StoreAuthority(rest, malformed)
        var servers: [ZooKeeperConfiguration.Server] = []
        for text in authority.place.split(separator: ",", omittingEmptySubsequences: false) {
            let host = try StoreAuthority.host(text, malformed)
            servers.append(.init(host: host.name, port: host.port ?? ZooKeeperConfiguration.defaultPort))
        }
        guard servers.count <= Self.serversLimit else {
            throw LockError(.invalidArgument, "at most \(Self.serversLimit) servers")
        }
        configuration = ZooKeeperConfiguration(servers: servers)
        if kind == .zookeepers { configuration.tls = ZooKeeperConfiguration.TLS(try TLSOptions(&options)) }
        lacksPassword = authority.password == nil
        if let user = authority.user {
            guard !user.isEmpty, !user.contains(":") else {
                throw LockError(
                    .invalidArgument, "a user of ZooKeeper has a name without a colon: \(kind.rawValue)://name@host")
            }
            configuration.credentials = .init(user: user, password: authority.password ?? "")
        }
        let path = try PercentText.decode(authority.path)
        configuration.chroot = path.hasSuffix("/") ? String(path.dropLast()) : path
        if let problem = NodePath.problem(with: configuration.chroot) {
            throw LockError(
                .invalidArgument, "what stands behind the hosts is a path of ZooKeeper, such as /app: \(problem)")
        }
        try take(&options)
    }

    private mutating func take(_ options: inout StoreOptions) throws(LockError) {
        if let prefix = try options.takePrefix() { configuration.prefix = prefix }
        // What is behind the last slash begins the keys' own names.
        let parents = configuration.prefix.lastIndex(of: "/").map { configuration.prefix[..<$0] } ?? "-"
        if let problem = NodePath.problem(with: parents) {
            throw LockError(.invalidArgument, "prefix is a path of ZooKeeper, such as /locks/: \(problem)")
        }
        if let isRaw = try options.takeRawNames() { configuration.names = isRaw ? .raw : .encoded }
        configuration.dialect = try options.takeWord("dialect", ZooKeeperConfiguration.Dialect.self) ?? .mutex
        configuration.access = try options.takeWord("access", ZooKeeperConfiguration.Access.self)
        guard configuration.access != .creator || configuration.credentials != nil else {
            throw LockError(.invalidArgument, "access=creator needs a user: name@ before the hosts")
        }
        if let timeout = try options.takeDuration("timeout") {
            configuration.requestTimeout = timeout
            configuration.connectTimeout = timeout
        }
        if let tick = try options.takeDuration("tick") { configuration.tickTime = tick }
    }

    /// With the password that the URL does not say.
    ///
    /// - Parameter environment: the value of a variable.
    func opened(_ environment: (String) -> String?) throws(LockError) -> ZooKeeperConfiguration {
        guard lacksPassword, let user = configuration.credentials?.user else { return configuration }
        guard let secret = try StoreSecret.read(environment) else { throw StoreSecret.missing }
        var configuration = configuration
        configuration.credentials = .init(user: user, password: secret)
        return configuration
    }

    private static let serversLimit = 64
}

extension ZooKeeperConfiguration.TLS {
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
