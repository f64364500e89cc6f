import Glibc
import Holdfast

#if SQLite
import CSQLite
#endif
#if Postgres
import CPQ
import HoldfastPostgres
#endif
#if MySQL
import CMariaDB
#endif

/// A user's own database.
protocol Ledger {
    /// The number in the first row of what a query finds.
    func number(_ query: String) throws -> Int64
    /// Runs one statement.
    ///
    /// - Returns: how many rows were changed; `nil` where a fence's trigger refused it.
    func change(_ statement: String) throws -> Int?
    /// Marks the message and applies its effect, in a transaction that stays open.
    ///
    /// - Returns: `false` where it was applied before, and nothing is open.
    func begin(_ message: Int) throws -> Bool
    func commit() throws
}

enum Ledgers {
    struct Failure: Error { let text: String }

    static let effect = "UPDATE effects SET times = times + 1 WHERE message = "

    /// - Parameter place: `sqlite:PATH`, `postgres:WORDS`, `mysql:PORT`; `-` for none.
    static func open(_ place: String) throws -> (any Ledger)? {
        let halves = place.split(separator: ":", maxSplits: 1).map { String($0) }
        switch halves[0] {
        #if SQLite
        case "sqlite": return try SQLiteLedger(halves[1])
        #endif
        #if Postgres
        case "postgres": return try PostgresLedger(halves[1])
        #endif
        #if MySQL
        case "mysql": return try MySQLLedger(halves[1])
        #endif
        default: return nil
        }
    }
}

#if SQLite
private final class SQLiteLedger: Ledger {
    private var database: OpaquePointer?

    init(_ path: String) throws {
        let code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil)
        guard code == SQLITE_OK else { throw Ledgers.Failure(text: "open: \(code)") }
        sqlite3_extended_result_codes(database, 1)
        sqlite3_busy_timeout(database, 10_000)
    }

    deinit { sqlite3_close(database) }

    func number(_ query: String) throws -> Int64 {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(database, query, -1, &statement, nil) == SQLITE_OK,
            sqlite3_step(statement) == SQLITE_ROW
        else { throw failure }
        return sqlite3_column_int64(statement, 0)
    }

    func change(_ statement: String) throws -> Int? {
        switch sqlite3_exec(database, statement, nil, nil, nil) {
        case SQLITE_OK: return Int(sqlite3_changes(database))
        // `SQLiteFence.refusal`
        case 1811: return nil
        default: throw failure
        }
    }

    func begin(_ message: Int) throws -> Bool {
        try execute("BEGIN IMMEDIATE; INSERT OR IGNORE INTO processed (once_key) VALUES ('message \(message)')")
        guard sqlite3_changes(database) == 1 else {
            try execute("ROLLBACK")
            return false
        }
        try execute(Ledgers.effect + "\(message)")
        return true
    }

    func commit() throws { try execute("COMMIT") }

    private func execute(_ sql: String) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    private var failure: Ledgers.Failure { .init(text: String(cString: sqlite3_errmsg(database))) }
}
#endif

#if Postgres
private final class PostgresLedger: Ledger {
    private let session: OpaquePointer?

    init(_ words: String) throws {
        session = PQconnectdb(words)
        guard PQstatus(session) == CONNECTION_OK else { throw failure }
    }

    deinit { PQfinish(session) }

    func number(_ query: String) throws -> Int64 {
        let result = PQexec(session, query)
        defer { PQclear(result) }
        guard PQntuples(result) == 1, let text = PQgetvalue(result, 0, 0), let number = Int64(String(cString: text))
        else { throw failure }
        return number
    }

    func change(_ statement: String) throws -> Int? {
        let result = PQexec(session, statement)
        defer { PQclear(result) }
        if PQresultStatus(result) == PGRES_COMMAND_OK { return Int(String(cString: PQcmdTuples(result))) ?? 0 }
        // PG_DIAG_SQLSTATE, which is a character literal in C.
        let state = PQresultErrorField(result, 0x43).map { String(cString: $0) }
        guard state == PostgresFence.refusal else { throw failure }
        return nil
    }

    func begin(_ message: Int) throws -> Bool {
        try run("BEGIN")
        guard try run(PostgresOnce.mark(), "message \(message)") == 1 else {
            try run("ROLLBACK")
            return false
        }
        try run(Ledgers.effect + "\(message)")
        return true
    }

    func commit() throws { try run("COMMIT") }

    /// - Returns: how many rows there are.
    @discardableResult
    private func run(_ sql: String, _ values: String...) throws -> Int {
        let words = values.map { UnsafePointer(strdup($0)) }
        defer { for word in words { free(UnsafeMutablePointer(mutating: word)) } }
        let result = PQexecParams(session, sql, Int32(values.count), nil, words, nil, nil, 0)
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else { throw failure }
        return Int(PQntuples(result))
    }

    private var failure: Ledgers.Failure { .init(text: String(cString: PQerrorMessage(session))) }
}
#endif

#if MySQL
private final class MySQLLedger: Ledger {
    private let session: UnsafeMutablePointer<MYSQL>?

    init(_ port: String) throws {
        session = mysql_init(nil)
        guard mysql_real_connect(session, "127.0.0.1", "root", nil, "test", UInt32(port) ?? 0, nil, 0) != nil else {
            throw failure
        }
    }

    deinit { mysql_close(session) }

    func number(_ query: String) throws -> Int64 {
        try run(query)
        let result = mysql_store_result(session)
        defer { mysql_free_result(result) }
        guard let row = mysql_fetch_row(result), let text = row[0], let number = Int64(String(cString: text)) else {
            throw failure
        }
        return number
    }

    func change(_ statement: String) throws -> Int? {
        do {
            return Int(try run(statement))
        } catch {
            // `MySQLFence.refusal`
            guard String(cString: mysql_sqlstate(session)) == "45000" else { throw error }
            return nil
        }
    }

    func begin(_ message: Int) throws -> Bool {
        try run("START TRANSACTION")
        guard try run("INSERT IGNORE INTO processed (once_key) VALUES ('message \(message)')") == 1 else {
            try run("COMMIT")
            return false
        }
        try run(Ledgers.effect + "\(message)")
        return true
    }

    func commit() throws { try run("COMMIT") }

    /// - Returns: how many rows were changed.
    @discardableResult
    private func run(_ sql: String) throws -> UInt64 {
        guard mysql_query(session, sql) == 0 else { throw failure }
        return mysql_affected_rows(session)
    }

    private var failure: Ledgers.Failure { .init(text: String(cString: mysql_error(session))) }
}
#endif
