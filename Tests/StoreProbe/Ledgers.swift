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

/// A user's own database, where effects commit together with a mark of their message.
protocol EffectLedger {
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
    static func open(_ place: String) throws -> (any EffectLedger)? {
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
private final class SQLiteLedger: EffectLedger {
    private var database: OpaquePointer?

    init(_ path: String) throws {
        let code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil)
        guard code == SQLITE_OK else { throw Ledgers.Failure(text: "open: \(code)") }
        sqlite3_busy_timeout(database, 10_000)
    }

    deinit { sqlite3_close(database) }

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
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
            throw Ledgers.Failure(text: String(cString: sqlite3_errmsg(database)))
        }
    }
}
#endif

#if Postgres
private final class PostgresLedger: EffectLedger {
    private let session: OpaquePointer?

    init(_ words: String) throws {
        session = PQconnectdb(words)
        guard PQstatus(session) == CONNECTION_OK else {
            throw Ledgers.Failure(text: String(cString: PQerrorMessage(session)))
        }
    }

    deinit { PQfinish(session) }

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
        guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else {
            throw Ledgers.Failure(text: String(cString: PQerrorMessage(session)))
        }
        return Int(PQntuples(result))
    }
}
#endif

#if MySQL
private final class MySQLLedger: EffectLedger {
    private let session: UnsafeMutablePointer<MYSQL>?

    init(_ port: String) throws {
        session = mysql_init(nil)
        guard mysql_real_connect(session, "127.0.0.1", "root", nil, "test", UInt32(port) ?? 0, nil, 0) != nil else {
            throw Ledgers.Failure(text: String(cString: mysql_error(session)))
        }
    }

    deinit { mysql_close(session) }

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
        guard mysql_query(session, sql) == 0 else { throw Ledgers.Failure(text: String(cString: mysql_error(session))) }
        return mysql_affected_rows(session)
    }
}
#endif
