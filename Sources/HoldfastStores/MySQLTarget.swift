#if MySQL
import Holdfast
import HoldfastMySQL

/// What a URL says about a MySQL or MariaDB server.
///
/// `mysql://[user[:password]@]host[:port][,host[:port]…]/database`, or `mysql://…@/database?socket=/run/mysqld.sock`;
/// `mariadb://` is the same. `tls=on` encrypts, and is on wherever a `tls-` option is given.
struct MySQLTarget: Sendable, Hashable {
    private(set) var configuration: MySQLConfiguration
    var prefix: String { configuration.prefix }
    /// Without credentials.
    var description: String { configuration.description }
    /// The environment may have one.
    private let lacksPassword: Bool

    /// - Parameters:
    ///   - rest: behind the scheme and its colon, without the query. Never shown: it may hold a secret.
    init(_ kind: StoreURL.Kind, _ rest: Substring, _ options: inout StoreOptions) throws(LockError) {
        let malformed = LockError(
            .invalidArgument,
            "write \(kind.rawValue)://user@host:3306/database, or \(kind.rawValue)://user@/database?socket=/path")
        let authority = try StoreAuthority(rest, malformed)
        var endpoints: [MySQLConfiguration.Endpoint] = []
        if let socket = options.take("socket") {
            guard authority.place.isEmpty, socket.hasPrefix("/") else { throw malformed }
            endpoints = [.init(host: socket)]
        } else {
            for text in authority.place.split(separator: ",", omittingEmptySubsequences: false) {
                let host = try StoreAuthority.host(text, malformed)
                endpoints.append(.init(host: host.name, port: host.port ?? MySQLConfiguration.defaultPort))
            }
        }
        guard endpoints.count <= Self.serversLimit else {
            throw LockError(.invalidArgument, "at most \(Self.serversLimit) servers")
        }
        let database = try PercentText.decode(authority.path.dropFirst())
        guard !database.isEmpty else { throw malformed }
        configuration = MySQLConfiguration(endpoints: endpoints, database: database)
        lacksPassword = authority.password == nil
        if let user = authority.user {
            configuration.credentials = .init(user: user, password: authority.password ?? "")
        }
        configuration.tls = try Self.takeTLS(&options)
        try take(&options)
    }

    private static func takeTLS(_ options: inout StoreOptions) throws(LockError) -> MySQLConfiguration.TLS? {
        let word = options.take("tls")
        let given = try TLSOptions(&options)
        let isGiven = given.authorityFile != nil || given.certificateFile != nil || !given.verifies
        guard given.serverName == nil else {
            throw LockError(.invalidArgument, "tls-name= is not for MySQL: the certificate must name the host")
        }
        switch word {
        case "on": break
        case nil: guard isGiven else { return nil }
        case "off" where !isGiven: return nil
        default: throw LockError(.invalidArgument, "tls is on or off, and on beside other tls- options")
        }
        var tls = MySQLConfiguration.TLS()
        tls.authorityFile = given.authorityFile
        tls.certificateFile = given.certificateFile
        tls.keyFile = given.keyFile
        tls.verifies = given.verifies
        return tls
    }

    private mutating func take(_ options: inout StoreOptions) throws(LockError) {
        if let prefix = try options.takePrefix() { configuration.prefix = prefix }
        configuration.locks = try options.takeWord("locks", MySQLConfiguration.Locks.self) ?? .named
        if let isRaw = try options.takeRawNames(), isRaw { configuration.names = .raw }
        if let names = try options.takeWord("keys", MySQLConfiguration.NameFunction.self) {
            configuration.names = names
        }
        if let timeout = try options.takeDuration("timeout") {
            configuration.requestTimeout = timeout
            configuration.connectTimeout = timeout
        }
        if let count = try options.takeCount("connections", 2...MySQLConfiguration.connectionsLimit) {
            configuration.connections = count
        }
        switch options.take("cluster") {
        case nil: break
        case "any": configuration.allowsMultiplePrimaries = true
        default: throw LockError(.invalidArgument, "cluster is any, where all clients use one node of it")
        }
    }

    /// With the password that the URL does not say.
    ///
    /// - Parameter environment: the value of a variable.
    func opened(_ environment: (String) -> String?) throws(LockError) -> MySQLConfiguration {
        // A user without a password is no mistake here: on a socket the system vouches for him.
        guard lacksPassword, let user = configuration.credentials?.user,
            let secret = try StoreSecret.read(environment)
        else { return configuration }
        var configuration = configuration
        configuration.credentials = .init(user: user, password: secret)
        return configuration
    }

    private static let serversLimit = 64
}
#endif
