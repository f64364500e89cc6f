#if SQLite
import CSQLite
import Foundation
import Holdfast
import Testing

@testable import HoldfastSQLite

/// A file of an older layout is made new in place, or left as it is.
@Suite(.timeLimit(.minutes(1))) struct UpgradeTests {
    @Test func `an older store keeps its claims and its tokens, and gets notes and records`() async throws {
        let store = try TestStore()
        try OldStore.make(store.path)
        let backend = try SQLiteBackend(path: store.path)
        let listed = try await backend.claims(withPrefix: "", limit: 9)
        #expect(listed.map(\.token?.rawValue) == [500])
        #expect(listed.map(\.note) == [.empty])
        let next = try Claim.test(9, "a")
        #expect(try await backend.place(next, .always) == .waiting())
        #expect(try await backend.annotate(next.id, with: ClaimNote("next")) == .removed)
        let old = Claim.ID(client: 7, sequence: 1)
        #expect(try await backend.annotate(old, with: ClaimNote("old")) == .removed)
        #expect(try await backend.claims(withPrefix: "", limit: 9).map(\.note.text) == ["old", "next"])
        #expect(try await backend.remove(old) == .removed)
        #expect(try await backend.grant(of: next.id).token.rawValue == 501)
        let write = try await backend.write([1], to: "r", expecting: nil, timeToLive: nil)
        #expect(try await backend.read("r").map { .written($0.version) } == write)
        #expect(try StoreReader.text("PRAGMA user_version", store.path) == "2")
    }

    @Test func `an upgraded store looks as a new one does`() throws {
        let (old, new) = (try TestStore(), try TestStore())
        try OldStore.make(old.path)
        for store in [old, new] { _ = try SQLiteBackend(path: store.path) }
        for table in ["meta", "claims", "parts", "queues", "records"] {
            let columns = try StoreReader.text("SELECT * FROM pragma_table_xinfo('\(table)')", new.path)
            #expect(!columns.isEmpty)
            #expect(try StoreReader.text("SELECT * FROM pragma_table_xinfo('\(table)')", old.path) == columns)
        }
        let names = "SELECT type, name, tbl_name FROM sqlite_master ORDER BY name"
        #expect(try StoreReader.text(names, old.path) == StoreReader.text(names, new.path))
    }

    @Test func `versions of an upgraded store start as those of a new one, from the clock`() async throws {
        let store = try TestStore()
        try OldStore.make(store.path)
        let before = BootClock.wallMicroseconds
        let backend = try SQLiteBackend(path: store.path)
        guard case .written(let version) = try await backend.write([1], to: "r", expecting: nil, timeToLive: nil)
        else { throw CocoaError(.fileWriteUnknown) }
        #expect(try #require(Int64(version.description)) > before)
    }

    @Test func `an older store of another boot loses its claims, and no more`() async throws {
        let store = try TestStore()
        try OldStore.make(store.path, boot: "another boot")
        let backend = try SQLiteBackend(path: store.path)
        #expect(try await backend.claims(withPrefix: "", limit: 9).isEmpty)
        let token = try #require(try await backend.place(.test(9, "a"), .ifFree).token)
        #expect(token.rawValue == 501)
    }

    /// It was started before: it has read the layout, and has its statements.
    @Test func `a program that knows the first layout, and has the file open, changes what it means to change`()
        async throws
    {
        let store = try TestStore()
        try OldStore.make(store.path)
        var database: OpaquePointer?
        defer { sqlite3_close_v2(database) }
        try #require(sqlite3_open(store.path, &database) == SQLITE_OK)
        sqlite3_busy_timeout(database, 5000)
        let backend = try await upgraded(store, while: database)
        let listed = try await backend.claims(withPrefix: "", limit: 9)
        #expect(listed.map(\.id.sequence) == [1, 2])
        #expect(listed.map(\.note) == [.empty, .empty])
        // Another such program is not let in any more.
        #expect(try StoreReader.text("PRAGMA user_version", store.path) == "2")
    }

    /// Prepares the old program's statements, upgrades the file, and runs them.
    private func upgraded(_ store: TestStore, while database: OpaquePointer?) async throws -> SQLiteBackend {
        var statements: [OpaquePointer?] = []
        defer { for statement in statements { sqlite3_finalize(statement) } }
        for sql in [OldStore.claims, OldStore.parts] {
            var statement: OpaquePointer?
            try #require(sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK)
            statements.append(statement)
        }
        let backend = try SQLiteBackend(path: store.path)
        _ = try await backend.write([1], to: "r", expecting: nil, timeToLive: nil)
        for statement in statements {
            sqlite3_bind_int64(statement, 1, 2)
            sqlite3_bind_int64(statement, 2, 2)
        }
        // It waits: no token, one part that is blocked.
        sqlite3_bind_null(statements[0], 3)
        sqlite3_bind_int64(statements[0], 4, 1)
        sqlite3_bind_int64(statements[1], 3, 0)
        for statement in statements { #expect(sqlite3_step(statement) == SQLITE_DONE) }
        return backend
    }
}
#endif
