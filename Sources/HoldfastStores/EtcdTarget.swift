#if Etcd
import Holdfast
import HoldfastEtcd

/// What a URL says about an etcd cluster.
///
/// `etcd://[user[:password]@]host[:port][,host[:port]…][/]`, and `etcds://` for TLS.
struct EtcdTarget: Sendable, Hashable {
    private(set) var configuration: EtcdConfiguration
    var prefix: String { configuration.prefix }
    /// Without credentials.
    var description: String { configuration.description }
    /// The environment may have one.
    private let lacksPassword: Bool

    /// - Parameters:
    ///   - rest: behind the scheme and its colon, without the query. Never shown: it may hold a secret.
    init(_ kind: StoreURL.Kind, _ rest: Substring, _ options: inout StoreOptions) throws(LockError) {
        let malformed = LockError(
            .invalidArgument, "write \(kind.rawValue)://host, or \(kind.rawValue)://user@host1:2379,host2,host3")
        let authority = try StoreAuthority(rest, malformed)
        guard authority.path.isEmpty || authority.path == "/" else {
            throw LockError(
                .invalidArgument, "etcd has no databases: nothing behind the hosts; what stands before keys is prefix=")
        }
        var endpoints: [EtcdConfiguration.Endpoint] = []
        for text in authority.place.split(separator: ",", omittingEmptySubsequences: false) {
            let host = try StoreAuthority.host(text, malformed)
            endpoints.append(.init(host: host.name, port: host.port ?? EtcdConfiguration.defaultPort))
        }
        guard endpoints.count <= Self.endpointsLimit else {
            throw LockError(.invalidArgument, "at most \(Self.endpointsLimit) members")
        }
        configuration = EtcdConfiguration(endpoints: endpoints)
        if kind == .etcds { configuration.tls = EtcdConfiguration.TLS(try TLSOptions(&options)) }
        lacksPassword = authority.password == nil
        if let user = authority.user {
            guard !user.isEmpty else {
                throw LockError(.invalidArgument, "a user of etcd has a name: \(kind.rawValue)://name@host")
            }
            configuration.credentials = .init(user: user, password: authority.password ?? "")
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
    }

    /// With the password that the URL does not say.
    ///
    /// - Parameter environment: the value of a variable.
    func opened(_ environment: (String) -> String?) throws(LockError) -> EtcdConfiguration {
        guard lacksPassword, let user = configuration.credentials?.user else { return configuration }
        guard let secret = try StoreSecret.read(environment) else { throw StoreSecret.missing }
        var configuration = configuration
        configuration.credentials = .init(user: user, password: secret)
        return configuration
    }

    private static let endpointsLimit = 64
}

extension EtcdConfiguration.TLS {
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
