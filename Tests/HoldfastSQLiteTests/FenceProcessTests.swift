#if SQLite
import HoldfastSQLite
import ServerKit
import Testing

/// A holder that is stopped past its time to live, in a process of its own, and a user's own database.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FenceProcessTests {
    @Test(arguments: FenceTrial.Guard.allCases)
    func `a holder that wakes too late is refused by the condition and the trigger, and overwrites without them`(
        _ guarded: FenceTrial.Guard
    ) async throws {
        let store = try TestStore()
        let database = store.folder + "/ledger.db"
        for statement in guarded.statements(try SQLiteFence.trigger(on: "ledger")) {
            try StoreReader.execute(statement, database)
        }
        try await FenceTrial.run(guarded, on: store.url, "sqlite:\(database)")
    }
}
#endif
