/// The statements of versioned records, in a table of their own beside the claims.
package enum RecordStatements {
    /// Short columns first: who looks only at a version reads no value. Records without a life cost the index nothing.
    package static let layout = [
        """
        CREATE TABLE records (
            name BLOB NOT NULL UNIQUE, version INTEGER NOT NULL, ends_at INTEGER, value BLOB NOT NULL)
        """,
        "CREATE INDEX record_ends ON records (ends_at) WHERE ends_at IS NOT NULL",
    ]

    package static let read =
        "SELECT version, value FROM records WHERE name = ?1 AND (ends_at IS NULL OR ends_at > ?2)"
    package static let readVersion = "SELECT version, ends_at FROM records WHERE name = ?1"
    package static let write = """
        INSERT INTO records (name, version, ends_at, value) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (name) DO UPDATE SET version = ?2, ends_at = ?3, value = ?4
        """
    package static let delete = "DELETE FROM records WHERE name = ?1"
    /// Those first that are over for longest.
    package static let sweep = """
        DELETE FROM records WHERE rowid IN
        (SELECT rowid FROM records WHERE ends_at <= ?1 ORDER BY ends_at LIMIT ?2) RETURNING 1
        """

    package static let readCounters = "SELECT record_version, record_count FROM meta"
    package static let writeCounters = "UPDATE meta SET record_version = ?1, record_count = ?2"
}
