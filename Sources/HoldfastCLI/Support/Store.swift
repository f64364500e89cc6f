import Holdfast
import HoldfastStores
import Logging

#if SQLite
import HoldfastSQLite
#endif

/// The store that the command line or the environment names.
struct Store: Sendable {
    /// The kernel lock that shows that engine and CMD live.
    struct Liveness: Sendable {
        /// The engine's alone.
        let engineDescriptor: Int32
        /// What CMD and all its own inherit.
        let inheritedDescriptor: Int32
    }

    private let url: StoreURL
    #if SQLite
    /// Kept for as long as the process lives: its end would close descriptors that we have closed already.
    private var lock: SQLiteLiveness?
    #endif

    /// - Parameter url: the command line's; nil for the environment's, or this user's own.
    init(url: String?) throws(Failure) {
        do throws(LockError) {
            if let url { self.url = try StoreURL(url) } else { self.url = try Self.preferred() }
        } catch {
            throw Failure(error)
        }
    }

    private static func preferred() throws(LockError) -> StoreURL {
        #if SQLite
        try .preferred()
        #else
        throw LockError(.invalidArgument, "this build has no store of its own: use --store")
        #endif
    }

    /// For messages: without options and secrets.
    var name: String { "\(url)" }

    /// What an administrator runs on a database before.
    func script(for role: String) throws(Failure) -> String {
        do throws(LockError) {
            return try url.script(for: role)
        } catch {
            throw Failure(error)
        }
    }

    /// Whether other processes cannot see it.
    var isInProcess: Bool { url.kind == .memory }

    /// Whether it is the embedded one.
    var isFile: Bool {
        #if SQLite
        url.kind == .sqlite
        #else
        false
        #endif
    }
}

#if SQLite
extension Store {
    var liveness: Liveness? {
        guard let lock, let inherited = lock.inheritedDescriptor else { return nil }
        return Liveness(engineDescriptor: lock.keeperDescriptor, inheritedDescriptor: inherited)
    }

    /// Before the first fork: the lock is handed on through it.
    mutating func prepareLiveness() throws(Failure) {
        guard url.kind == .sqlite else { return }
        do throws(LockError) {
            lock = try SQLiteLiveness(storePath: url.path, isInheritable: true)
        } catch {
            throw Failure(error)
        }
    }

    /// - Parameter logger: for network stores.
    func open(_ logger: Logger? = nil) throws(LockError) -> any LockBackend {
        try url.open(liveness: lock, logger: logger)
    }

    /// Plain committed inserts beside the store, to compare with.
    func rawInserts(for duration: Duration) throws(Failure) -> [Duration] {
        guard url.kind == .sqlite else { throw Failure(.usage, "bench raw needs a sqlite store") }
        do throws(LockError) {
            return try RawInserts.measure(beside: url.path, for: duration)
        } catch {
            throw Failure(error)
        }
    }
}
#else
extension Store {
    var liveness: Liveness? { nil }
    mutating func prepareLiveness() throws(Failure) {}
    func rawInserts(for duration: Duration) throws(Failure) -> [Duration] {
        throw Failure(.usage, "bench raw needs a sqlite store")
    }
    func open(_ logger: Logger? = nil) throws(LockError) -> any LockBackend { try url.open(logger: logger) }
}
#endif
