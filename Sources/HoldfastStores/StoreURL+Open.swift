import Glibc
public import Holdfast
public import Logging

#if SQLite
public import HoldfastSQLite
#endif

#if Redis
import HoldfastRedis
#endif

#if Etcd
import HoldfastEtcd
#endif

#if ZooKeeper
import HoldfastZooKeeper
#endif

#if Postgres
import HoldfastPostgres
#endif

#if MySQL
import HoldfastMySQL
#endif

extension StoreURL {
    #if SQLite
    /// Opens the store.
    ///
    /// A password that the URL of a network store does not say comes from `HOLDFAST_STORE_PASSWORD`, or from the file
    /// that `HOLDFAST_STORE_PASSWORD_FILE` names.
    ///
    /// - Parameters:
    ///   - liveness: made before, for a program that is to inherit it; made here by default. Only where the store is a
    ///     file.
    ///   - logger: where a network store tells of lost connections and unsafe settings.
    ///   - variable: reads the environment; this process's own by default.
    /// - Throws: ``LockError/Code/storeUnusable`` or ``LockError/Code/unavailable``, with what to do.
    public func open(
        liveness: SQLiteLiveness? = nil, logger: Logger? = nil, variable: ((String) -> String?)? = nil
    ) throws(LockError) -> any LockBackend {
        guard kind == .sqlite else { return try openOther(logger, variable) }
        return try SQLiteBackend(path: path, prefix: prefix, liveness: liveness)
    }
    #else
    /// Opens the store.
    ///
    /// A password that the URL of a network store does not say comes from `HOLDFAST_STORE_PASSWORD`, or from the file
    /// that `HOLDFAST_STORE_PASSWORD_FILE` names.
    ///
    /// - Parameters:
    ///   - logger: where a network store tells of lost connections and unsafe settings.
    ///   - variable: reads the environment; this process's own by default.
    public func open(
        logger: Logger? = nil, variable: ((String) -> String?)? = nil
    ) throws(LockError) -> any LockBackend {
        try openOther(logger, variable)
    }
    #endif

    private func openOther(
        _ logger: Logger?, _ variable: ((String) -> String?)?
    ) throws(LockError) -> any LockBackend {
        #if Redis || Etcd || ZooKeeper || Postgres || MySQL
        let environment = variable ?? { getenv($0).map { String(cString: $0) } }
        #endif
        #if Redis
        if let redis { return try RedisBackend(try redis.opened(environment), logger: logger) }
        #endif
        #if Etcd
        if let etcd { return try EtcdBackend(try etcd.opened(environment), logger: logger) }
        #endif
        #if ZooKeeper
        if let zookeeper { return try ZooKeeperBackend(try zookeeper.opened(environment), logger: logger) }
        #endif
        #if Postgres
        if let postgres { return try PostgresBackend(try postgres.opened(environment), logger: logger) }
        #endif
        #if MySQL
        if let mysql { return try MySQLBackend(try mysql.opened(environment), logger: logger) }
        #endif
        return MemoryBackend()
    }
}
