#if Postgres
import Holdfast
import HoldfastPostgres

/// What a URL says about a PostgreSQL server.
///
/// `postgres://[user[:password]@]host[:port][,host[:port]…]/database`, or `postgres://…@/database?socket=/run/folder`,
/// where the socket's folder is named; `postgresql://` is the same. `tls=on` encrypts, and is on wherever a `tls-`
/// option is given.
struct PostgresTarget: Sendable, Hashable {
    private(set) var configuration: PostgresConfiguration
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
            "write \(kind.rawValue)://user@host:5432/database, or \(kind.rawValue)://user@/database?socket=/folder")
        let authority = try StoreAuthority(rest, malformed)
        var endpoints: [PostgresConfiguration.Endpoint] = []
        if let socket = options.take("socket") {
            guard authority.place.isEmpty, socket.hasPrefix("/") else { throw malformed }
            let port = try options.takeCount("port", 1...65_535)
            endpoints = [.init(host: socket, port: port ?? PostgresConfiguration.defaultPort)]
        } else {
            for text in authority.place.split(separator: ",", omittingEmptySubsequences: false) {
                endpoints.append(try Self.endpoint(text, malformed))
            }
        }
        guard endpoints.count <= Self.serversLimit else {
            throw LockError(.invalidArgument, "at most \(Self.serversLimit) servers")
        }
        let database = try PercentText.decode(authority.path.dropFirst())
        guard !database.isEmpty else { throw malformed }
        configuration = PostgresConfiguration(endpoints: endpoints, database: database)
        lacksPassword = authority.password == nil
        if let user = authority.user {
            configuration.credentials = .init(user: user, password: authority.password ?? "")
        }
        configuration.tls = try Self.takeTLS(&options)
        try take(&options, malformed)
    }

    private static func endpoint(
        _ text: Substring, _ malformed: LockError
    ) throws(LockError) -> PostgresConfiguration.Endpoint {
        let host = try StoreAuthority.host(text, malformed)
        return .init(host: host.name, port: host.port ?? PostgresConfiguration.defaultPort)
    }

    private static func takeTLS(_ options: inout StoreOptions) throws(LockError) -> PostgresConfiguration.TLS? {
        let word = options.take("tls")
        let given = try TLSOptions(&options)
        let isGiven =
            given.authorityFile != nil || given.certificateFile != nil || given.serverName != nil || !given.verifies
        switch word {
        case "on": break
        case nil: guard isGiven else { return nil }
        case "off" where !isGiven: return nil
        default: throw LockError(.invalidArgument, "tls is on or off, and on beside other tls- options")
        }
        var tls = PostgresConfiguration.TLS()
        tls.authorityFile = given.authorityFile
        tls.certificateFile = given.certificateFile
        tls.keyFile = given.keyFile
        tls.serverName = given.serverName
        tls.verifies = given.verifies
        return tls
    }

    private mutating func take(_ options: inout StoreOptions, _ malformed: LockError) throws(LockError) {
        if let prefix = try options.takePrefix() { configuration.prefix = prefix }
        // Keys are kept byte for byte: encoded and raw are one.
        _ = try options.takeRawNames()
        configuration.locks = try options.takeWord("locks", PostgresConfiguration.Locks.self) ?? .named
        if let keys = try options.takeWord("keys", PostgresConfiguration.KeyFunction.self) {
            guard configuration.locks == .named else {
                throw LockError(.invalidArgument, "keys= is for named locks; a table has no use for it")
            }
            configuration.keys = keys
        }
        switch options.take("pooler") {
        case nil: break
        case "session": configuration.poolsSessions = true
        default:
            throw LockError(.invalidArgument, "pooler is session, where the pooler keeps a session for each client")
        }
        if let schema = options.take("schema") { configuration.schema = schema }
        switch options.take("listen") {
        case nil: break
        case "off": configuration.listening = .never
        case let place?: configuration.listening = .at(try Self.endpoint(Substring(place), malformed))
        }
        if let timeout = try options.takeDuration("timeout") {
            configuration.requestTimeout = timeout
            configuration.connectTimeout = timeout
        }
        if let count = try options.takeCount("connections", 1...PostgresConfiguration.connectionsLimit) {
            configuration.connections = count
        }
    }

    /// With the password that the URL does not say.
    ///
    /// - Parameter environment: the value of a variable.
    func opened(_ environment: (String) -> String?) throws(LockError) -> PostgresConfiguration {
        // A user without a password is no mistake here: the server may trust him, or ask the system who he is.
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
