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
}
#endif
