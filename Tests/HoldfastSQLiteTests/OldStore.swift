#if SQLite
import Holdfast

@testable import HoldfastSQLite

/// A store as the first layout had it: written down here, so that no later change of the statements changes it.
enum OldStore {
    static let claims = """
        INSERT INTO claims (client, number, place, process, host, pid, program, label, placed_at, expires_at, token,
        blocked, parts) VALUES (7, ?1, ?2, 42, 'old', 1, 'old', '', 0, 9000000000000000000, ?3, ?4,
        x'0000000000000000000000000100' || x'61')
        """
    static let parts = """
        INSERT INTO parts (key, place, client, number, kind, permits, clear) VALUES (x'61', ?2, 7, ?1, 0, 0, ?3)
        """

    /// One claim holds `a` with token 500, of a process without a file: its time to live decides.
    static func make(_ path: String, boot: String = BootClock.identity()) throws {
        try StoreReader.execute(
            """
            PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; BEGIN;
            CREATE TABLE meta (
                one INTEGER PRIMARY KEY CHECK (one = 1), token INTEGER NOT NULL, place INTEGER NOT NULL,
                next_expiry INTEGER NOT NULL, boot TEXT NOT NULL);
            CREATE TABLE claims (
                client INTEGER NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL, process INTEGER NOT NULL,
                host TEXT NOT NULL, pid INTEGER NOT NULL, program TEXT NOT NULL, label TEXT NOT NULL,
                placed_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, token INTEGER, blocked INTEGER NOT NULL,
                asked INTEGER NOT NULL DEFAULT 0, parts BLOB NOT NULL,
                PRIMARY KEY (client, number)) WITHOUT ROWID;
            CREATE TABLE parts (
                key BLOB NOT NULL, place INTEGER NOT NULL, client INTEGER NOT NULL, number INTEGER NOT NULL,
                kind INTEGER NOT NULL, permits INTEGER NOT NULL, clear INTEGER NOT NULL,
                PRIMARY KEY (key, place)) WITHOUT ROWID;
            CREATE TABLE queues (
                key BLOB PRIMARY KEY, permit_limit INTEGER NOT NULL, clear_count INTEGER NOT NULL,
                clear_permits INTEGER NOT NULL, clear_writer INTEGER NOT NULL, blocked INTEGER NOT NULL,
                boundary INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO meta VALUES (1, 500, 1, 9000000000000000000, '\(boot)');
            PRAGMA application_id = \(0x486F_6C64); PRAGMA user_version = 1;
            """
                + bound(claims, ["1", "1", "500", "0"]) + ";" + bound(parts, ["1", "1", "1"]) + "; COMMIT", path)
    }

    private static func bound(_ sql: String, _ values: [String]) -> String {
        values.enumerated().reduce(sql) { $0.replacing("?\($1.offset + 1)", with: $1.element) }
    }
}
#endif
