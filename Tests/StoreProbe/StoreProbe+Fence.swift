#if SQLite
import CSQLite
import Glibc
import Holdfast

extension StoreProbe {
    /// Adds 1 to a balance in a user's own database under a lock: reads it, may be stopped, and writes.
    ///
    /// How it writes: `bare`, `condition` (`AND fence <= token`), or `trigger`. Says what became of the write.
    static func fence(_ locks: LockClient, _ key: LockKey, _ words: [String]) async throws {
        let (path, how, stops) = (words[0], words[1], words[2] == "stops")
        do {
            try await locks.withLock(key, options: LockOptions(timeToLive: .seconds(1))) { lease in
                let ledger = try Ledger(path)
                let balance = try ledger.balance()
                if stops {
                    say("stopped at \(balance)")
                    // Every thread of this process, until somebody continues it: a frozen machine, a long pause.
                    raise(SIGSTOP)
                }
                say(try ledger.write(balance + 1, lease.token, how) ? "written" : "refused")
            }
        } catch let error as LockError where error.code == .leaseLost {
            say("lost")
        }
    }
}

/// A user's own database.
private final class Ledger {
    struct Failure: Error { let code: Int32 }
    private var database: OpaquePointer?

    init(_ path: String) throws {
        let code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil)
        guard code == SQLITE_OK else { throw Failure(code: code) }
        sqlite3_extended_result_codes(database, 1)
        sqlite3_busy_timeout(database, 5000)
    }

    deinit { sqlite3_close(database) }

    func balance() throws -> Int64 {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        let code = sqlite3_prepare_v2(database, "SELECT balance FROM ledger WHERE id = 1", -1, &statement, nil)
        guard code == SQLITE_OK, sqlite3_step(statement) == SQLITE_ROW else { throw Failure(code: code) }
        return sqlite3_column_int64(statement, 0)
    }

    /// - Returns: whether the row was changed.
    func write(_ balance: Int64, _ token: FencingToken, _ how: String) throws -> Bool {
        let sql =
            switch how {
            case "bare": "UPDATE ledger SET balance = ?1 WHERE id = 1"
            case "condition": "UPDATE ledger SET balance = ?1, fence = ?2 WHERE id = 1 AND fence <= ?2"
            default: "UPDATE ledger SET balance = ?1, fence = ?2 WHERE id = 1"
            }
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else { throw Failure(code: 1) }
        sqlite3_bind_int64(statement, 1, balance)
        sqlite3_bind_int64(statement, 2, token.rawValue)
        switch sqlite3_step(statement) {
        case SQLITE_DONE: return sqlite3_changes(database) == 1
        // `SQLiteFence.refusal`
        case 1811: return false
        case let code: throw Failure(code: code)
        }
    }
}
#endif
