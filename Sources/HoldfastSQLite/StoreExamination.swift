#if SQLite
import CSQLite
import Glibc
import Holdfast
import HoldfastSQL

/// What a doctor sees of a store's file: its place, who may write there, its settings, and who uses it.
struct StoreExamination {
    /// Beyond so many claims they are not counted.
    private static let claimsCounted: Int64 = 100_000
    /// Beyond so many bytes the file is not read through.
    private static let bytesChecked: Int64 = 32 << 20
    /// The log is brought into the file at 2 MB; what is far above waits for a reader.
    private static let logLimit: Int64 = 64 << 20

    let path: String
    /// The process that looks.
    let process: Int64

    func findings() throws(LockError) -> [Finding] {
        guard StoreFile.Identity(path: path) != nil else {
            throw LockError(.storeUnusable, "\(path) is gone; what was held in it is lost")
        }
        let database = try Database(path: path)
        try database.execute("PRAGMA query_only = 1")
        let place = StorePlace(path: path)
        var findings = [place.fileSystem()]
        findings += place.permissions() + [place.space(), library()]
        findings += [try journal(database), try size(database), try integrity(database)]
        // What else could be read of a damaged file means nothing, or cannot be read.
        guard findings.last?.weight != .danger else { return findings }
        findings.append(try clock(database))
        return findings + [try owners(database), try claims(database), try records(database)]
    }

    // MARK: SQLite and its settings

    private func library() -> Finding {
        let version = String(cString: sqlite3_libversion())
        guard Self.mayLoseCommits(sqlite3_libversion_number()) else {
            return Finding(.fine, "version", "SQLite \(version)")
        }
        return Finding(
            .notice, "version",
            "SQLite \(version) has the WAL-reset bug, out of whose reach Holdfast's processes write in turn",
            remedy: "let no other program write to the file while locks are used, or install SQLite 3.51.3 or later")
    }

    /// Fixed in 3.51.3, and in 3.50.7 and 3.44.6.
    static func mayLoseCommits(_ version: Int32) -> Bool {
        switch version {
        case 3_051_003...: false
        case 3_050_007..<3_051_000, 3_044_006..<3_045_000: false
        default: true
        }
    }

    private func journal(_ database: Database) throws(LockError) -> Finding {
        let mode = try database.text("PRAGMA journal_mode")
        guard mode == "wal" else {
            return Finding(
                .danger, "journal", "the journal mode is \(mode), not wal: another program changed it",
                remedy: "end what uses the store, then: sqlite3 \(path) 'PRAGMA journal_mode = wal'")
        }
        let log = StorePlace(path: path + "-wal").bytes ?? 0
        guard log <= Self.logLimit else {
            return Finding(
                .notice, "journal", "the write-ahead log has grown to \(ByteText.of(log))",
                remedy: "end the program that keeps a read transaction open: an sqlite3 shell, a backup")
        }
        return Finding(.fine, "journal", "write-ahead log of \(ByteText.of(log)); a grant is flushed before it is told")
    }

    private func size(_ database: Database) throws(LockError) -> Finding {
        let pages = try database.integer("PRAGMA page_count")
        let free = try database.integer("PRAGMA freelist_count")
        let page = try database.integer("PRAGMA page_size")
        return Finding(.fine, "size", "\(ByteText.of(pages * page)), \(ByteText.of(free * page)) of it free")
    }

    private func integrity(_ database: Database) throws(LockError) -> Finding {
        let bytes = try database.integer("PRAGMA page_count") * database.integer("PRAGMA page_size")
        guard bytes <= Self.bytesChecked else {
            return Finding(.fine, "integrity", "not checked: the file has more than \(ByteText.of(Self.bytesChecked))")
        }
        let answer = try database.text("PRAGMA quick_check(1)")
        guard answer == "ok" else {
            return Finding(
                .danger, "integrity", "the file is damaged: \(answer)",
                remedy: "end what uses the store, and remove \(path), -wal and -shm; tokens go on, records are lost")
        }
        return Finding(.fine, "integrity", "every page can be read")
    }

    private func clock(_ database: Database) throws(LockError) -> Finding {
        let boot = try database.text("SELECT boot FROM meta")
        guard boot == BootClock.identity() else {
            return Finding(
                .danger, "clock", "the store counts in another boot or time namespace than this process",
                remedy: "share a store only among processes with one boot clock: containers without time namespaces")
        }
        return Finding(.fine, "clock", "this machine's time since boot; a step of the time of day changes nothing")
    }

    // MARK: Who uses it

    private func owners(_ database: Database) throws(LockError) -> Finding {
        let directory = OwnerDirectory(storePath: path)
        var lives = (lives: 0, orphaned: 0, dead: 0)
        var known: Set<Int64> = []
        for owner in directory.processes() {
            known.insert(owner)
            switch directory.life(of: owner) {
            case .lives: lives.lives += 1
            case .orphaned: lives.orphaned += 1
            case .dead: lives.dead += 1
            // It ended just now.
            case .unknown: continue
            }
        }
        let statement = try database.prepare(ClaimStatements.processes)
        statement.bind(1, ClaimStore.processesListed)
        defer { statement.reset() }
        var missing = 0
        while try statement.step() { if !known.contains(statement.integer(0)) { missing += 1 } }
        let text =
            "\(lives.lives) live (this one among them), \(lives.orphaned) ended whose programs run on, "
            + "\(lives.dead) dead"
        guard missing == 0 else {
            return Finding(
                .notice, "processes", text + ", \(missing) with claims and without a file in \(directory.path)",
                remedy: "let nobody remove files there: what such a process holds is freed at its time to live only")
        }
        guard lives.orphaned == 0 else {
            return Finding(
                .notice, "processes", text,
                remedy: "what these programs hold stays held until they end: holdfast ls names them")
        }
        return Finding(.fine, "processes", text)
    }

    private func claims(_ database: Database) throws(LockError) -> Finding {
        let some = "(SELECT token FROM claims LIMIT \(Self.claimsCounted + 1))"
        let all = try database.integer("SELECT count(*) FROM \(some)")
        let held = try database.integer("SELECT count(token) FROM \(some)")
        guard all <= Self.claimsCounted else { return Finding(.fine, "claims", "more than \(Self.claimsCounted)") }
        return Finding(.fine, "claims", "\(held) held, \(all - held) waiting")
    }

    private func records(_ database: Database) throws(LockError) -> Finding {
        let count = try database.integer("SELECT record_count FROM meta")
        let text = "\(count) records"
        guard count > Int64(RecordTable.recordsLimit / 10 * 9) else { return Finding(.fine, "records", text) }
        return Finding(
            .notice, "records", text + " of at most \(RecordTable.recordsLimit)",
            remedy: "delete some, or give them a life: where there is no room, what runs once cannot be recorded")
    }
}

extension OwnerDirectory {
    /// The processes that have a file here, up to a bound.
    func processes() -> [Int64] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var processes: [Int64] = []
        while processes.count < Self.processesLimit, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".lock"), let process = Int64(name.dropLast(5), radix: 16) { processes.append(process) }
        }
        return processes
    }

    private static let processesLimit = 10_000
}

/// Sizes for people.
enum ByteText {
    static func of(_ bytes: Int64) -> String {
        switch bytes {
        case ..<1024: "\(bytes) bytes"
        case ..<(1 << 20): "\(bytes >> 10) KB"
        case ..<(1 << 30): "\(bytes >> 20) MB"
        default: "\(bytes >> 30) GB"
        }
    }
}
#endif
