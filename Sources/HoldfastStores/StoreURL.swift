public import Holdfast

/// What a URL says about a store: its kind, where it is, and its options.
///
/// `sqlite:///var/lib/app/locks.db?prefix=app%2F`, `redis://locks@cache:6379/0`, `etcd://host1,host2`,
/// `zookeeper://host1,host2/chroot`, `postgres://locks@db/app`, `mysql://locks@db/app` or `memory://`.
/// Options are query parameters: `names=encoded` (the default) or `names=raw` says how keys become names in the store,
/// `prefix=` what stands before them. An unknown option is an error, and so is a kind that this build does not have.
public struct StoreURL: Sendable, Hashable {
    /// The kinds of store that this build has.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// This process's memory: for tests and measurements.
        case memory
        #if SQLite
        /// A file that the processes of one machine share.
        case sqlite
        #endif
        #if Redis
        /// A Redis server, or a clone of one.
        case redis
        /// The same, over TLS.
        case rediss
        /// The same, through a Unix domain socket.
        case redisUnix = "redis+unix"
        #endif
        #if Etcd
        /// An etcd cluster.
        case etcd
        /// The same, over TLS.
        case etcds
        #endif
        #if ZooKeeper
        /// A ZooKeeper ensemble.
        case zookeeper
        /// The same, over TLS.
        case zookeepers
        #endif
        #if Postgres
        /// A PostgreSQL server.
        case postgres
        /// The same.
        case postgresql
        #endif
        #if MySQL
        /// A MySQL or MariaDB server.
        case mysql
        /// The same.
        case mariadb
        #endif

        /// Its URL may name a user and a password.
        var isRemote: Bool {
            switch self {
            case .memory: false
            #if SQLite
            case .sqlite: false
            #endif
            #if Redis
            case .redis, .rediss, .redisUnix: true
            #endif
            #if Etcd
            case .etcd, .etcds: true
            #endif
            #if ZooKeeper
            case .zookeeper, .zookeepers: true
            #endif
            #if Postgres
            case .postgres, .postgresql: true
            #endif
            #if MySQL
            case .mysql, .mariadb: true
            #endif
            }
        }
    }

    /// The longest URL, in bytes.
    public static let bytesLimit = 8192

    public let kind: Kind
    /// The file, for kinds that are one; else empty.
    public let path: String
    /// Stands before every key in the store.
    public let prefix: String
    #if Redis
    /// For the kinds that are Redis.
    private(set) var redis: RedisTarget?
    #endif
    #if Etcd
    /// For the kinds that are etcd.
    private(set) var etcd: EtcdTarget?
    #endif
    #if ZooKeeper
    /// For the kinds that are ZooKeeper.
    private(set) var zookeeper: ZooKeeperTarget?
    #endif
    #if Postgres
    /// For the kinds that are PostgreSQL.
    private(set) var postgres: PostgresTarget?
    #endif
    #if MySQL
    /// For the kinds that are MySQL.
    private(set) var mysql: MySQLTarget?
    #endif

    init(kind: Kind, path: String, prefix: String = "") {
        self.kind = kind
        self.path = path
        self.prefix = prefix
    }

    /// Reads a URL.
    ///
    /// - Throws: ``LockError/Code/invalidArgument`` with what to write instead. Credentials never appear in it.
    public init(_ text: String) throws(LockError) {
        guard text.utf8.count <= Self.bytesLimit else {
            throw LockError(.invalidArgument, "a store URL has at most \(Self.bytesLimit) bytes")
        }
        guard let colon = text.firstIndex(of: ":") else {
            throw LockError(
                .invalidArgument, "a store is a URL, such as sqlite:///var/lib/app/locks.db; not a bare path")
        }
        let scheme = text[..<colon].lowercased()
        guard let kind = Kind(rawValue: scheme) else {
            let known = Kind.allCases.map { "\($0.rawValue)://" }.joined(separator: ", ")
            throw LockError(
                .invalidArgument,
                "no store of kind \(scheme.debugDescription) in this build; it has \(known); for another one build "
                    + "with its trait, as in --traits SQLite,Redis,Etcd,ZooKeeper,Postgres,MySQL")
        }
        let rest = text[text.index(after: colon)...].split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        // Before anything of it is shown: a ? in a password makes the rest of it an option.
        guard !kind.isRemote || rest.count < 2 || !rest[1].contains("@") else {
            throw LockError(
                .invalidArgument, "an @ behind a ?: in a user, password or option write ? as %3F and @ as %40")
        }
        var options = try StoreOptions(rest.count > 1 ? rest[1] : "")
        try self.init(kind, rest[0], &options)
        try options.finish(kind)
    }

    private init(_ kind: Kind, _ rest: Substring, _ options: inout StoreOptions) throws(LockError) {
        switch kind {
        case .memory:
            // Keys are kept byte for byte: encoded and raw are one.
            _ = try options.takeRawNames()
            guard rest.isEmpty || rest == "//" else {
                throw LockError(.invalidArgument, "write memory://, with nothing behind it")
            }
            self.init(kind: kind, path: "")
        #if SQLite
        case .sqlite:
            _ = try options.takeRawNames()
            let path = try PercentText.decode(rest)
            guard path.hasPrefix("///"), path.utf8.count > 3, !path.hasSuffix("/") else {
                throw LockError(
                    .invalidArgument,
                    "write sqlite:///path/to/locks.db, with three slashes and an absolute path of a file")
            }
            self.init(kind: kind, path: String(path.dropFirst(2)), prefix: try options.takePrefix() ?? "")
        #endif
        #if Redis
        case .redis, .rediss, .redisUnix:
            let target = try RedisTarget(kind, rest, &options)
            self.init(kind: kind, path: "", prefix: target.prefix)
            redis = target
        #endif
        #if Etcd
        case .etcd, .etcds:
            let target = try EtcdTarget(kind, rest, &options)
            self.init(kind: kind, path: "", prefix: target.prefix)
            etcd = target
        #endif
        #if ZooKeeper
        case .zookeeper, .zookeepers:
            let target = try ZooKeeperTarget(kind, rest, &options)
            self.init(kind: kind, path: "", prefix: target.prefix)
            zookeeper = target
        #endif
        #if Postgres
        case .postgres, .postgresql:
            let target = try PostgresTarget(kind, rest, &options)
            self.init(kind: kind, path: "", prefix: target.prefix)
            postgres = target
        #endif
        #if MySQL
        case .mysql, .mariadb:
            let target = try MySQLTarget(kind, rest, &options)
            self.init(kind: kind, path: "", prefix: target.prefix)
            mysql = target
        #endif
        }
    }
}

extension StoreURL: CustomStringConvertible {
    /// For messages: without options, and without what could be a secret.
    public var description: String {
        #if Redis
        if let redis { return redis.description }
        #endif
        #if Etcd
        if let etcd { return etcd.description }
        #endif
        #if ZooKeeper
        if let zookeeper { return zookeeper.description }
        #endif
        #if Postgres
        if let postgres { return postgres.description }
        #endif
        #if MySQL
        if let mysql { return mysql.description }
        #endif
        return path.isEmpty ? "\(kind.rawValue)://" : "\(kind.rawValue)://\(path)"
    }
}
