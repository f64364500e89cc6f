#if SQLite
import Holdfast
import ServerKit
import Testing

/// Messages that come several times, to processes that are killed.
@Suite(.serialized, .timeLimit(.minutes(5))) struct OnceProcessTests {
    @Test func `a body is run again only where a kill was the cause`() async throws {
        let store = try TestStore()
        // Its folder is gone with it.
        defer { withExtendedLifetime(store) {} }
        try await OnceTrial.run(on: store.url, "sqlite")
    }

    @Test func `an effect is applied exactly once where it commits with a mark of its message`() async throws {
        let store = try TestStore()
        // Its folder is gone with it.
        defer { withExtendedLifetime(store) {} }
        try await OnceTrial.run(on: store.url, "sqlite, with a ledger", ledger: Self.ledger(store))
    }

    /// A database of the user's own.
    private static func ledger(_ store: TestStore) throws -> OnceTrial.Ledger {
        let path = store.folder + "/ledger.db"
        let rows = (0..<OnceTrial.messages).map { "(\($0), 0)" }.joined(separator: ",")
        try StoreReader.execute(
            """
            CREATE TABLE processed (once_key TEXT PRIMARY KEY) WITHOUT ROWID; \
            CREATE TABLE effects (message INTEGER PRIMARY KEY, times INTEGER NOT NULL); \
            INSERT INTO effects VALUES \(rows)
            """, path)
        return OnceTrial.Ledger("sqlite:\(path)") {
            try StoreReader.text("SELECT times FROM effects ORDER BY message", path).split(separator: " ")
                .compactMap { Int($0) }
        }
    }

    @Test func `the same trial notices bodies that run for each delivery`() async throws {
        let store = try TestStore()
        // Its folder is gone with it.
        defer { withExtendedLifetime(store) {} }
        let tally = try await OnceTrial.tally(on: store.url, "sqlite", .bare)
        #expect(tally.repeated > tally.kills)
        #expect(tally.violations.filter { $0.contains(" bodies, ") }.count == OnceTrial.messages, "\(tally)")
    }

    @Test func `the same trial notices effects that a kill loses`() async throws {
        let store = try TestStore()
        // Its folder is gone with it.
        defer { withExtendedLifetime(store) {} }
        let tally = try await OnceTrial.tally(on: store.url, "sqlite", .early)
        #expect(tally.violations.contains { $0.contains("lost") }, "\(tally)")
    }

    @Test func `each thing that must never be is a violation`() {
        var right = OnceTally(messages: 2, copies: 1, seed: 1)
        #expect(right.violations.count == 4, "\(right.violations)")
        right.record(bodies: [2, 1], unanswered: [1, 0], effects: [1, 1])
        #expect(right.violations.isEmpty, "\(right.violations)")
        var wrong = right
        wrong.record(bodies: [3, 0], unanswered: [1, 0], effects: [2, 0])
        #expect(wrong.violations.count == 4, "\(wrong.violations)")
    }
}
#endif
