#if SQLite
import CSQLite
import Glibc
import Holdfast
import HoldfastSQL

/// Opens a store's file: checks that it is ours and of this machine's boot, or makes it.
enum StoreFile {
    /// "Hold" in the file's header, where `file(1)` and others look.
    static let applicationID: Int64 = 0x486F_6C64
    /// Bytes.
    private static let pageSize = 1024
    /// The log is brought into the file after so many pages.
    private static let checkpointPages = 2000

    /// What a file must still be, before anything is committed to it.
    struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64
        /// Of the folder: what stands beside the file may have stayed behind.
        let folder: UInt64

        /// - Returns: `nil` where there is no file. A link is not what it leads to.
        init?(path: String) {
            var (file, folder) = (stat(), stat())
            guard lstat(path, &file) == 0, stat(StoreFile.folder(of: path), &folder) == 0 else { return nil }
            device = UInt64(file.st_dev)
            inode = UInt64(file.st_ino)
            self.folder = UInt64(folder.st_ino)
        }
    }

    /// Network and user-space file systems: their locks do not reach other machines, or do not hold.
    private static let refusedSystems: [UInt64: String] = [
        0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB2", 0x0102_1997: "9P",
        0x6573_5546: "FUSE", 0x00C3_6400: "Ceph", 0x5346_414F: "AFS", 0x0BD0_0BD0: "Lustre", 0x0116_1970: "GFS2",
        0x7461_636F: "OCFS2", 0x7375_7245: "Coda", 0x6B41_4653: "AFS",
    ]

    static func folder(of path: String) -> String {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return folder.isEmpty ? "/" : folder
    }

    static func refuseNetwork(_ path: String) throws(LockError) {
        let system = hf_file_system(folder(of: path))
        guard system >= 0 else {
            throw LockError(
                .storeUnusable,
                "\(path): \(String(cString: strerror(errno))); the store's directory must exist: make it first")
        }
        let kind = UInt64(truncatingIfNeeded: system) & 0xFFFF_FFFF
        guard let name = refusedSystems[kind] else { return }
        throw LockError(
            .storeUnusable,
            "\(path) is on \(name), where file locks do not hold across machines; use a local disk, or a lock server"
        )
    }

    /// Refuses a place where no store can be.
    static func refusePlace(_ path: String) throws(LockError) {
        try refuseNetwork(path)
        try refuseOtherNames(path)
    }

    /// Refuses a file that has more names than this one: what stands beside it, by which processes see what others have
    /// written, whether they live and whose turn it is, would be another for each name.
    private static func refuseOtherNames(_ path: String) throws(LockError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFLNK {
            throw LockError(
                .storeUnusable, "\(path) is a symbolic link; name the file itself: all must use it by one name")
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return }
        guard status.st_nlink == 1 else {
            throw LockError(
                .storeUnusable,
                "\(path) has \(status.st_nlink) names (hard links; find -samefile shows them); remove the others: all "
                    + "must use it by one name")
        }
        guard hf_is_mounted(path) == 0 else {
            throw LockError(
                .storeUnusable,
                "\(path) is mounted by itself; mount its folder: the files beside it must be shared, too")
        }
    }

    /// Refuses a store beside which others would not see that this process lives: made for another one, or in a folder
    /// that was exchanged since.
    static func refuseUnseen(_ path: String, _ liveness: SQLiteLiveness) throws(LockError) {
        guard !liveness.isSeen(beside: path) else { return }
        throw LockError(
            .storeUnusable,
            "\(path): others would not see that this process lives, since its file in \(path).d is not there: the "
                + "folder was exchanged, or cleared, or another store named; start again")
    }

    /// Opens the file in its writer's turn, and makes what is missing.
    static func open(
        _ path: String, boot: String, directory: OwnerDirectory
    ) throws(LockError) -> (Database, Identity) {
        try refusePlace(path)
        let isNew = Identity(path: path) == nil
        // What a deleted store left beside it would be taken for the new one's.
        if isNew { for suffix in ["-wal", "-shm"] { unlink(path + suffix) } }
        let database = try Database(path: path)
        try checkOwner(of: database)
        if isNew { chmod(path, 0o600) }
        // A claim changes few bytes of four pages, and all of each is flushed. Only a new file takes the size on.
        if isNew { try database.execute("PRAGMA page_size = \(pageSize)") }
        try database.execute("PRAGMA journal_mode = WAL")
        try database.execute("PRAGMA wal_autocheckpoint = \(checkpointPages)")
        guard try database.text("PRAGMA journal_mode") == "wal" else {
            throw LockError(.storeUnusable, "\(path): this file system has no write-ahead log; use a local disk")
        }
        try database.flushesCommits(true)
        try database.execute("BEGIN IMMEDIATE")
        do throws(LockError) {
            try makeLayout(in: database, boot: boot)
            try checkBoot(of: database, boot: boot, directory: directory)
            try database.execute("COMMIT")
        } catch {
            // Some failures have rolled back already.
            if database.isInTransaction { try database.execute("ROLLBACK") }
            throw error
        }
        guard let identity = Identity(path: path) else {
            throw LockError(.unavailable, "\(path) was removed while it was opened")
        }
        return (database, identity)
    }

    /// Before anything is made beside it. Through SQLite, since closing the file in another way would drop its locks.
    static func refuseForeign(_ path: String) throws(LockError) {
        try refusePlace(path)
        guard Identity(path: path) != nil else { return }
        try checkOwner(of: try Database(path: path))
    }

    /// Before anything is written: another program's database must stay as it is.
    private static func checkOwner(of database: Database) throws(LockError) {
        // One state: another process may be making the layout just now.
        try database.execute("BEGIN")
        defer { try? database.execute("ROLLBACK") }
        let application = try database.integer("PRAGMA application_id")
        let tables = try database.integer("SELECT count(*) FROM sqlite_master")
        guard application == applicationID || (application == 0 && tables == 0) else {
            throw LockError(
                .storeUnusable, "\(database.path) is another program's database; name another file for the locks")
        }
        _ = try layoutVersion(of: database)
    }

    /// - Returns: 0 for a new file; else a layout that this program knows, its own or one that it can make its own.
    private static func layoutVersion(of database: Database) throws(LockError) -> Int {
        let version = try database.integer("PRAGMA user_version")
        guard 0...Int64(ClaimStatements.layoutVersion) ~= version else {
            throw LockError(
                .storeUnusable,
                "\(database.path) has layout \(version), this Holdfast knows up to \(ClaimStatements.layoutVersion): "
                    + "a newer one has made it; install that one here too, or name another file")
        }
        return Int(version)
    }

    /// In one flushed transaction, in the writer's turn: other processes see the old layout or the new one.
    private static func makeLayout(in database: Database, boot: String) throws(LockError) {
        switch try layoutVersion(of: database) {
        case 0: try makeNewLayout(in: database, boot: boot)
        case 1:
            for statement in ClaimStatements.upgrade { try database.execute(statement) }
            try startRecords(in: database)
        default: return
        }
        try database.execute("PRAGMA application_id = \(applicationID)")
        try database.execute("PRAGMA user_version = \(ClaimStatements.layoutVersion)")
    }

    /// Versions start from the wall clock, as tokens do and for the same reason.
    private static func startRecords(in database: Database) throws(LockError) {
        let write = try database.prepare(RecordStatements.writeCounters)
        write.bind(1, BootClock.wallMicroseconds)
        write.bind(2, 0)
        try write.run()
    }

    private static func makeNewLayout(in database: Database, boot: String) throws(LockError) {
        for statement in ClaimStatements.layout + RecordStatements.layout { try database.execute(statement) }
        // Tokens start from the wall clock, so that they go on rising where a store was deleted.
        let insert = try database.prepare(
            "INSERT INTO meta (one, token, place, next_expiry, boot) VALUES (1, ?1, 0, ?2, ?3)")
        insert.bind(1, BootClock.wallMicroseconds)
        insert.bind(2, Int64.max)
        insert.bind(3, text: boot)
        try insert.run()
        try startRecords(in: database)
    }

    /// Times of another boot mean nothing, and a boot frees all locks; records stay.
    /// A living lock of another clock is a misuse.
    private static func checkBoot(
        of database: Database, boot: String, directory: OwnerDirectory
    ) throws(LockError) {
        let read = try database.prepare(ClaimStatements.readMeta)
        defer { read.reset() }
        guard try read.step() else {
            throw LockError(
                .storeUnusable, "\(database.path) is damaged: its meta row is missing; name another file")
        }
        guard read.text(3) != boot else { return }
        let processes = try database.prepare(ClaimStatements.processes)
        processes.bind(1, 1_000_000)
        defer { processes.reset() }
        while try processes.step() {
            switch directory.life(of: processes.integer(0)) {
            case .dead, .unknown: continue
            case .lives, .orphaned:
                throw LockError(
                    .storeUnusable,
                    "\(database.path) is in use by a process with another boot clock (a container's time namespace); "
                        + "share a store only among processes with one clock")
            }
        }
        for table in ["claims", "parts", "queues"] { try database.execute("DELETE FROM \(table)") }
        let write = try database.prepare("UPDATE meta SET boot = ?1, next_expiry = ?2")
        write.bind(1, text: boot)
        write.bind(2, Int64.max)
        try write.run()
    }
}
#endif
