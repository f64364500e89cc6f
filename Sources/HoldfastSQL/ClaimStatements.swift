/// The claim table's statements, in the words that the SQL stores share.
///
/// Three tables hold the rule: `claims`, one row each; `parts`, one row per key of a claim, in queue order; `queues`,
/// one row per semaphore in use. A part is *clear* when no earlier claim on its key blocks it; the clear parts are
/// always the first ones. For exclusive and shared claims a neighbour in the queue therefore says what a walk over it
/// would; for permits a row of `queues` does, with sums and a boundary.
/// `meta` has one row: the last token, the last place in the order, a lower bound of the next expiry, and the counters
/// of the records.
package enum ClaimStatements {
    /// The layout's version: with the notes and the records (``RecordStatements``) it is 2.
    package static let layoutVersion = 2

    /// What makes layout 2 of layout 1, but for the records' counters. It only adds: the statements of a program that
    /// has the file open all the while, and knows layout 1, go on meaning what they meant.
    package static let upgrade =
        [
            "ALTER TABLE claims ADD COLUMN note TEXT",
            "ALTER TABLE meta ADD COLUMN record_version INTEGER NOT NULL DEFAULT 0",
            "ALTER TABLE meta ADD COLUMN record_count INTEGER NOT NULL DEFAULT 0",
        ] + RecordStatements.layout

    package static let layout = [
        """
        CREATE TABLE meta (
            one INTEGER PRIMARY KEY CHECK (one = 1), token INTEGER NOT NULL, place INTEGER NOT NULL,
            next_expiry INTEGER NOT NULL, boot TEXT NOT NULL, record_version INTEGER NOT NULL DEFAULT 0,
            record_count INTEGER NOT NULL DEFAULT 0)
        """,
        """
        CREATE TABLE claims (
            client INTEGER NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL, process INTEGER NOT NULL,
            host TEXT NOT NULL, pid INTEGER NOT NULL, program TEXT NOT NULL, label TEXT NOT NULL,
            placed_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, token INTEGER, blocked INTEGER NOT NULL,
            asked INTEGER NOT NULL DEFAULT 0, parts BLOB NOT NULL, note TEXT,
            PRIMARY KEY (client, number)) WITHOUT ROWID
        """,
        """
        CREATE TABLE parts (
            key BLOB NOT NULL, place INTEGER NOT NULL, client INTEGER NOT NULL, number INTEGER NOT NULL,
            kind INTEGER NOT NULL, permits INTEGER NOT NULL, clear INTEGER NOT NULL,
            PRIMARY KEY (key, place)) WITHOUT ROWID
        """,
        """
        CREATE TABLE queues (
            key BLOB PRIMARY KEY, permit_limit INTEGER NOT NULL, clear_count INTEGER NOT NULL,
            clear_permits INTEGER NOT NULL, clear_writer INTEGER NOT NULL, blocked INTEGER NOT NULL,
            boundary INTEGER NOT NULL) WITHOUT ROWID
        """,
    ]

    package static let readMeta = "SELECT token, place, next_expiry, boot FROM meta"
    package static let writeMeta = "UPDATE meta SET token = ?1, place = ?2, next_expiry = ?3"

    package static let readClaim = "SELECT token, place, process, parts FROM claims WHERE client = ?1 AND number = ?2"
    package static let insertClaim = """
        INSERT INTO claims (client, number, place, process, host, pid, program, label, placed_at, expires_at, token,
        blocked, parts, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
        """
    package static let deleteClaim = "DELETE FROM claims WHERE client = ?1 AND number = ?2"
    /// Never shortens a life, so that requests which overtake one another do no harm.
    package static let extendClaim = """
        UPDATE claims SET expires_at = max(expires_at, ?3) WHERE client = ?1 AND number = ?2 RETURNING asked
        """
    package static let askClaim =
        "UPDATE claims SET asked = 1 WHERE client = ?1 AND number = ?2 RETURNING process"
    package static let annotateClaim =
        "UPDATE claims SET note = ?3 WHERE client = ?1 AND number = ?2 RETURNING 1"
    package static let unblockClaim = """
        UPDATE claims SET blocked = blocked - 1 WHERE client = ?1 AND number = ?2 RETURNING blocked, process
        """
    package static let grantClaim = "UPDATE claims SET token = ?3 WHERE client = ?1 AND number = ?2"
    package static let readState = "SELECT token, asked FROM claims WHERE client = ?1 AND number = ?2"

    package static let insertPart = """
        INSERT INTO parts (key, place, client, number, kind, permits, clear) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        """
    package static let deletePart = "DELETE FROM parts WHERE key = ?1 AND place = ?2 RETURNING clear"
    package static let firstBlockedPart = """
        SELECT place, client, number, kind, permits FROM parts WHERE key = ?1 AND place > ?2 ORDER BY place LIMIT 1
        """
    package static let lastPart =
        "SELECT place, kind, clear FROM parts WHERE key = ?1 AND place < ?2 ORDER BY place DESC LIMIT 1"
    package static let firstPart = "SELECT place, kind, clear FROM parts WHERE key = ?1 ORDER BY place LIMIT 1"
    package static let clearPart = "UPDATE parts SET clear = 1 WHERE key = ?1 AND place = ?2"

    package static let readQueue = """
        SELECT permit_limit, clear_count, clear_permits, clear_writer, blocked, boundary FROM queues WHERE key = ?1
        """
    package static let writeQueue = """
        INSERT INTO queues (key, permit_limit, clear_count, clear_permits, clear_writer, blocked, boundary)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (key) DO UPDATE SET clear_count = ?3, clear_permits = ?4,
        clear_writer = ?5, blocked = ?6, boundary = ?7
        """
    package static let deleteQueue = "DELETE FROM queues WHERE key = ?1"

    /// Whose claims stand first on a key, before a place, and whether one of them is clear.
    package static let firstProcesses = """
        SELECT c.process, max(p.clear) FROM (
        SELECT client, number, clear FROM parts WHERE key = ?1 AND place < ?3 ORDER BY place LIMIT ?2) p
        JOIN claims c ON c.client = p.client AND c.number = p.number GROUP BY c.process
        """
    package static let expiredClaims =
        "SELECT client, number, process, token FROM claims WHERE expires_at <= ?1 ORDER BY place"
    package static let nextExpiry = "SELECT min(expires_at) FROM claims WHERE expires_at > ?1"
    package static let claimsOfProcess = "SELECT client, number, token FROM claims WHERE process = ?1 ORDER BY place"
    package static let processes = "SELECT DISTINCT process FROM claims LIMIT ?1"

    package static let list = """
        SELECT p.key, p.kind, p.permits, coalesce(q.permit_limit, 0), c.client, c.number, c.host, c.pid, c.program,
        c.label,
        c.placed_at, c.expires_at, c.token, c.asked, c.note FROM parts p
        JOIN claims c ON c.client = p.client AND c.number = p.number LEFT JOIN queues q ON q.key = p.key
        WHERE p.key >= ?1 AND (?2 IS NULL OR p.key < ?2) ORDER BY p.key, p.place LIMIT ?3
        """
}
