public import Holdfast

#if Postgres
import HoldfastPostgres
#endif

#if MySQL
import HoldfastMySQL
#endif

extension StoreURL {
    /// The SQL that makes what a database needs before it keeps locks, with the grants: for an administrator where the
    /// role that takes locks may not make it. Nothing is connected to.
    ///
    /// - Parameter role: who takes locks; on MySQL `name` or `name@host`.
    /// - Throws: ``LockError/Code/unsupported`` for a store that is no such database,
    ///   ``LockError/Code/invalidArgument`` for a role that cannot be.
    public func script(for role: String) throws(LockError) -> String {
        #if Postgres
        if let postgres { return try postgres.configuration.script(for: role) }
        #endif
        #if MySQL
        if let mysql { return try mysql.configuration.script(for: role) }
        #endif
        throw LockError(.unsupported, "\(self) needs nothing made: there is a script for PostgreSQL and MySQL alone")
    }
}
