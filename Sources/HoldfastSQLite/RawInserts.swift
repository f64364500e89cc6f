#if SQLite
package import Holdfast
import Glibc

/// Plain one-row committed inserts on one connection: what the disk and SQLite give, for `holdfast bench raw`.
package enum RawInserts {
    /// More samples than any bench takes in its longest run.
    private static let samplesLimit = 10_000_000

    /// Inserts and commits one row after another, in a file of its own beside `path`, removed at the end.
    ///
    /// - Returns: how long each took.
    package static func measure(beside path: String, for duration: Duration) throws(LockError) -> [Duration] {
        try StoreFile.refuseNetwork(path)
        let file = path + "-raw-\(getpid())"
        defer { for suffix in ["", "-wal", "-shm"] { unlink(file + suffix) } }
        let database = try Database(path: file)
        try database.execute("PRAGMA journal_mode = WAL")
        try database.execute("PRAGMA synchronous = FULL")
        try database.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)")
        let insert = try database.prepare("INSERT INTO rows (text) VALUES ('a row of a plain length')")
        var samples: [Duration] = []
        let start = BootClock.now
        var now = start
        while now - start < duration.nanoseconds, samples.count < samplesLimit {
            try insert.run()
            let end = BootClock.now
            samples.append(.nanoseconds(end - now))
            now = end
        }
        return samples
    }
}
#endif
