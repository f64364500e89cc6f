#if SQLite
import CSQLite
import Glibc
import Holdfast

/// One connection to a store's file, used by one thread at a time.
final class Database {
    /// How long one statement waits for a writer that does not take turns by ``WriteTurn``: the `sqlite3` shell, say.
    private static let busyLimit: Duration = .seconds(10)

    let path: String
    private let handle: OpaquePointer
    /// `nil` before it was chosen.
    private var areCommitsFlushed: Bool?

    init(path: String) throws(LockError) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            sqlite3_close(handle)
            throw Self.failure(code, path, "cannot open the store")
        }
        self.path = path
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_handler(handle, { _, attempts in Database.pause(attempts) }, nil)
    }

    /// The last to leave brings the log into the file, which costs three flushes and a new log for the next to come:
    /// too much for each start of a command. A short log is left where it is.
    deinit {
        var log = stat()
        let isShort = stat(path + "-wal", &log) == 0 && log.st_size <= Self.shortLog
        _ = hf_leave_log(handle, isShort ? 1 : 0)
        sqlite3_close_v2(handle)
    }

    /// Bytes: what the next process reads in well under a millisecond.
    private static let shortLog = 262_144

    /// Short and random, since SQLite's own busy timeout can starve a second writer completely.
    private static func pause(_ attempts: Int32) -> Int32 {
        let microseconds = Int32.random(in: 50...500)
        BootClock.sleep(.microseconds(Int64(microseconds)))
        // The mean pause is 275 µs.
        return .microseconds(Int64(attempts) * 275) < busyLimit ? 1 : 0
    }

    func execute(_ sql: String) throws(LockError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// Chooses whether commits from now on are on disk before they return. Outside a transaction.
    ///
    /// Never by a prepared statement: this pragma takes effect where it is compiled, and is compiled again only after
    /// its first run.
    func flushesCommits(_ flushes: Bool) throws(LockError) {
        guard areCommitsFlushed != flushes else { return }
        areCommitsFlushed = nil
        try execute(flushes ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
        areCommitsFlushed = flushes
    }

    func prepare(_ sql: String) throws(LockError) -> Statement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw failure(code) }
        return Statement(statement, of: self)
    }

    /// The first column of a statement's first row.
    func integer(_ sql: String) throws(LockError) -> Int64 {
        let statement = try prepare(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.integer(0) : 0
    }

    /// The first column of a statement's first row.
    func text(_ sql: String) throws(LockError) -> String {
        let statement = try prepare(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.text(0) : ""
    }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    func failure(_ code: Int32) -> LockError {
        Self.failure(code, path, String(cString: sqlite3_errmsg(handle)))
    }

    /// What SQLite says, as what a user can do about it.
    private static func failure(_ code: Int32, _ path: String, _ message: String) -> LockError {
        let text = "\(path): \(message)"
        switch code & 0xFF {
        case SQLITE_NOTADB, SQLITE_CORRUPT:
            return LockError(
                .storeUnusable, "\(text); this is not a Holdfast store, or it is damaged: name another file")
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
            return LockError(.storeUnusable, "\(text); check that its directory exists and can be written")
        case SQLITE_READONLY:
            return LockError(.storeUnusable, "\(text); locks need a file and a directory that can be written")
        case SQLITE_FULL:
            return LockError(.storeUnusable, "\(text); free some space")
        case SQLITE_BUSY, SQLITE_LOCKED:
            return LockError(.unavailable, "\(text); another program keeps the file locked")
        case SQLITE_IOERR:
            return LockError(.unavailable, "\(text) (SQLite code \(code)); check the disk's space and health")
        default:
            return LockError(.unavailable, "\(text) (SQLite code \(code))")
        }
    }
}
#endif
