public import Holdfast

#if SQLite
public import HoldfastSQLite
#endif

extension StoreURL {
    #if SQLite
    /// Opens the store.
    ///
    /// - Parameter liveness: made before, for a program that is to inherit it; made here by default. Only where the
    ///   store is a file.
    /// - Throws: ``LockError/Code/storeUnusable`` or ``LockError/Code/unavailable``, with what to do.
    public func open(liveness: SQLiteLiveness? = nil) throws(LockError) -> any LockBackend {
        switch kind {
        case .memory: MemoryBackend()
        case .sqlite: try SQLiteBackend(path: path, prefix: prefix, liveness: liveness)
        }
    }
    #else
    /// Opens the store.
    public func open() throws(LockError) -> any LockBackend {
        switch kind {
        case .memory: MemoryBackend()
        }
    }
    #endif
}
