#if SQLite
import Glibc
import Holdfast
import HoldfastSQLite
import Testing

/// A holder that is stopped past its time to live, in a process of its own, and a user's own database.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FenceProcessTests {
    /// - Returns: what became of both writes, and the balance.
    private func race(_ how: String, _ statements: ArraySlice<String>) throws -> (first: String?, balance: String) {
        let store = try TestStore()
        let database = store.folder + "/ledger.db"
        try StoreReader.execute(
            "CREATE TABLE ledger (id INTEGER PRIMARY KEY, balance INTEGER); INSERT INTO ledger VALUES (1, 0)", database)
        for statement in statements { try StoreReader.execute(statement, database) }
        let first = try Probe("fence", store.url, "a", database, how, "stops")
        #expect(first.line() == "stopped at 0")
        let second = try Probe("fence", store.url, "a", database, how, "goes")
        #expect(second.line() == "written")
        second.end()
        first.kill(SIGCONT)
        let outcome = first.line()
        #expect(first.line() == "lost")
        first.end()
        return (outcome, try StoreReader.text("SELECT balance FROM ledger", database))
    }

    @Test func `without a fence, a holder that wakes too late overwrites its successor`() throws {
        let (first, balance) = try race("bare", [])
        #expect(first == "written")
        #expect(
            balance == "1", "two acknowledged increments should be two; this one must lose one, to prove the others")
    }

    @Test func `with the condition, a holder that wakes too late changes nothing`() throws {
        let (first, balance) = try race("condition", SQLiteFence.trigger(on: "ledger").prefix(1))
        #expect(first == "refused")
        #expect(balance == "1", "the one increment that was acknowledged")
    }

    @Test func `with the trigger, a holder that wakes too late is refused`() throws {
        let (first, balance) = try race("trigger", SQLiteFence.trigger(on: "ledger")[...])
        #expect(first == "refused")
        #expect(balance == "1", "the one increment that was acknowledged")
    }
}
#endif
