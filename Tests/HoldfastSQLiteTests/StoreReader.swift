#if SQLite
import CSQLite
import Testing

/// Looks into a file from outside, as the `sqlite3` shell does.
enum StoreReader {
    static func count(_ path: String, _ table: String = "claims") throws -> Int {
        Int(try text("SELECT count(*) FROM \(table)", path)) ?? 0
    }

    /// The columns of all rows, with a space between; empty while there is nothing to read.
    static func text(_ sql: String, _ path: String) throws -> String {
        var database: OpaquePointer?
        defer { sqlite3_close(database) }
        guard sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else { return "" }
        // A store that was just dropped may be closing its file still.
        sqlite3_busy_timeout(database, 5000)
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else { return "" }
        var words: [String] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            for column in 0..<sqlite3_column_count(statement) {
                words.append(sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "NULL")
            }
        }
        return words.joined(separator: " ")
    }

    static func execute(_ sql: String, _ path: String) throws {
        var database: OpaquePointer?
        defer { sqlite3_close(database) }
        try #require(sqlite3_open(path, &database) == SQLITE_OK)
        sqlite3_busy_timeout(database, 5000)
        try #require(
            sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK, "\(String(cString: sqlite3_errmsg(database)))")
    }
}
#endif
