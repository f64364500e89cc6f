#if SQLite
import CSQLite
import Holdfast
import HoldfastSQLite
import Testing

/// A stale holder's write, refused by a database of the user's own.
@Suite(.timeLimit(.minutes(1))) struct SQLiteFenceTests {
    /// - Returns: the extended result code, and how many rows were changed.
    private func run(_ sql: String, _ database: OpaquePointer?) -> (code: Int32, changes: Int32) {
        let code = sqlite3_exec(database, sql, nil, nil, nil)
        return (code, code == SQLITE_OK ? sqlite3_changes(database) : 0)
    }

    private func open(_ store: TestStore) throws -> OpaquePointer? {
        var database: OpaquePointer?
        try #require(sqlite3_open(store.folder + "/shop.db", &database) == SQLITE_OK)
        sqlite3_extended_result_codes(database, 1)
        return database
    }

    @Test(arguments: ["orders", "main.orders", "Other.Orders$1"])
    func `the write of a holder that has lost its lock is refused`(_ table: String) async throws {
        let store = try TestStore()
        let database = try open(store)
        defer { sqlite3_close(database) }
        let name = table.split(separator: ".").map { "\"\($0)\"" }.joined(separator: ".")
        #expect(run("ATTACH '\(store.folder)/other.db' AS Other", database).code == SQLITE_OK)
        #expect(run("CREATE TABLE \(name) (id INTEGER PRIMARY KEY, state TEXT)", database).code == SQLITE_OK)
        #expect(run("INSERT INTO \(name) VALUES (1, 'open')", database).changes == 1)
        let statements = try SQLiteFence.trigger(on: table)
        for statement in statements { #expect(run(statement, database).code == SQLITE_OK) }
        // Twice does no harm.
        #expect(run(try #require(statements.last), database).code == SQLITE_OK)

        let backend = try SQLiteBackend(path: store.path)
        let stale = try #require(try await backend.place(.test(1, "order/1"), .always).token)
        _ = try await backend.remove(Claim.test(1, "order/1").id)
        let token = try #require(try await backend.place(.test(2, "order/1"), .always).token)
        func write(_ fence: String, _ condition: String = "") -> (code: Int32, changes: Int32) {
            run("UPDATE \(name) SET state = 'paid', fence = \(fence) WHERE id = 1 \(condition)", database)
        }
        for _ in 0..<2 { #expect(write("\(token)") == (SQLITE_OK, 1)) }
        #expect(write("\(stale)") == (SQLiteFence.refusal, 0))
        #expect(write("\(stale)", "AND fence <= \(stale)") == (SQLITE_OK, 0))
        // What is no token would stand above all tokens, or beside them.
        for other in ["NULL", "'a'", "\(token.rawValue).5", "x'00'"] {
            #expect(write(other) == (SQLiteFence.refusal, 0), "\(other)")
        }
        // Text of digits is a number to such a column: how a binding of another language may send it.
        #expect(write("'\(token.rawValue + 1)'") == (SQLITE_OK, 1))
        #expect(write("\(token)") == (SQLiteFence.refusal, 0))
        let upsert = "INSERT INTO \(name) (id, state) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET fence = \(stale)"
        #expect(run(upsert, database).code == SQLiteFence.refusal)
    }

    @Test(arguments: [("a;b", "fence"), ("a.b.c", "fence"), ("", "fence"), ("t", "f\"x"), ("t", "f f"), ("t", "")])
    func `names that are none are refused`(_ table: String, _ column: String) {
        let error = #expect(throws: LockError.self) { _ = try SQLiteFence.trigger(on: table, column: column) }
        #expect(error?.code == .invalidArgument)
    }
}
#endif
