#if SQLite
import Holdfast
import Testing

@testable import HoldfastSQLite

/// Grants are on disk before they are reported: from the first one of a process on.
@Suite struct FlushTests {
    /// As `PRAGMA synchronous` says it.
    private let normal: Int64 = 1
    private let full: Int64 = 2

    @Test func `a choice of flushing takes effect at once, every time`() throws {
        let store = try TestStore()
        let directory = OwnerDirectory(storePath: store.path)
        try directory.make()
        let (database, _) = try StoreFile.open(store.path, boot: "a boot", directory: directory)
        // What it prepares must not change it.
        let claims = try ClaimStore(database, process: 1, prefix: "", directory: directory)
        #expect(try database.integer("PRAGMA synchronous") == full)
        for flushes in [true, false, true, true, false, false, true] {
            try database.flushesCommits(flushes)
            try claims.sql.begin.run()
            #expect(try database.integer("PRAGMA synchronous") == (flushes ? full : normal))
            try claims.sql.commit.run()
        }
    }

    @Test func `records are flushed, and notes are not`() async throws {
        let store = try TestStore()
        let keeper = try StoreKeeper(
            path: store.path, prefix: "", boot: "a boot", liveness: SQLiteLiveness(storePath: store.path),
            thread: StoreThread(), hint: { _ in }, wallClock: { BootClock.wallMicroseconds })
        func perform<Answer: Sendable>(
            _ operation: (StoreOperation.Caller<Answer>) -> StoreOperation
        ) async throws -> (Answer, flushed: Bool) {
            let answer = try await withCheckedContinuation { keeper.perform([operation($0)]) }.get()
            return (answer, try keeper.database.integer("PRAGMA synchronous") == full)
        }
        let claim = try Claim.test(1, "a")
        #expect(try await perform { .place(claim, .always, $0) }.flushed)
        for _ in 0..<2 {
            #expect(try await perform { .annotate(claim.id, .empty, $0) } == (.removed, false))
            let change = RecordChange(key: "r", value: [1], expected: nil, timeToLive: nil)
            let (write, isFlushed) = try await perform { .writeRecord(change, $0) }
            guard isFlushed, case .written(let version) = write else { throw LockError(.busy, "not flushed") }
            #expect(try await perform { .extend([claim.id], .seconds(1), $0) } == (Extension(), false))
            #expect(try await perform { .deleteRecord("r", version, $0) } == (true, true))
        }
    }
}
#endif
