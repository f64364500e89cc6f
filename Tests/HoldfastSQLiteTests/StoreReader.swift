#if SQLite
import CSQLite
import Holdfast

/// Looks into a store's file from outside.
enum StoreReader {
    static func count(_ path: String) throws -> Int {
        var database: OpaquePointer?
        defer { sqlite3_close(database) }
        guard sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else { return 0 }
        sqlite3_busy_timeout(database, 1000)
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(database, "SELECT count(*) FROM claims", -1, &statement, nil) == SQLITE_OK else {
            return 0
        }
        return sqlite3_step(statement) == SQLITE_ROW ? Int(sqlite3_column_int64(statement, 0)) : 0
    }
}
#endif
