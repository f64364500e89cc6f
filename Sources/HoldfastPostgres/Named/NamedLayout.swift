#if Postgres
import Holdfast

/// What named locks need in the database: a sequence for tokens, and a row that says which server gave the last ones;
/// and the records beside them.
struct NamedLayout: Sendable {
    /// In quotes.
    let schema: String
    private let tables: TableLayout

    /// - Parameter schema: checked before, see ``PostgresConfiguration``.
    init(schema: String) {
        tables = TableLayout(schema: schema)
        self.schema = tables.schema
    }

    /// What makes it, in order, in one transaction. Where all of it is there nothing changes.
    var statements: [String] {
        [
            tables.makeSchema,
            """
            CREATE TABLE IF NOT EXISTS \(schema).epoch (
                one boolean PRIMARY KEY DEFAULT true CHECK (one), started_at timestamptz NOT NULL,
                timeline text NOT NULL)
            """,
            "CREATE SEQUENCE IF NOT EXISTS \(schema).tokens CACHE 1",
            "INSERT INTO \(schema).epoch VALUES (true, '-infinity', '') ON CONFLICT DO NOTHING",
        ] + tables.records
    }

    /// Moves the sequence on where the server is not the one that gave the last tokens: it was started anew, was
    /// promoted, or was filled from a dump, and may have lost some. Tokens go on from the microseconds since 1970.
    var epoch: String {
        """
        DO $holdfast$
        DECLARE
            current text := \(TableLayout.current("\(schema).epoch"));
            started timestamptz := pg_postmaster_start_time();
        BEGIN
            IF EXISTS (SELECT 1 FROM \(schema).epoch WHERE started_at = started AND timeline = current) THEN
                RETURN;
            END IF;
            PERFORM 1 FROM \(schema).epoch FOR UPDATE;
            IF EXISTS (SELECT 1 FROM \(schema).epoch WHERE started_at = started AND timeline = current) THEN
                RETURN;
            END IF;
            PERFORM setval('\(schema).tokens', greatest(
                (SELECT last_value FROM \(schema).tokens), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint));
            UPDATE \(schema).epoch SET started_at = started, timeline = current;
        END $holdfast$
        """
    }

    /// Takes the locks, then draws one number for those that it got, and sees to it that the number is not drawn again
    /// after a crash: most draws write nothing that a commit would flush.
    ///
    /// - Parameter take: of one lock, see ``AdvisoryVerb``: true where it was got.
    /// - Returns: a row for each lock, in order: whether it was got, and the number.
    func takeEach(_ take: String) -> String {
        """
        WITH taken AS MATERIALIZED (SELECT place, \(take) AS got FROM \(AdvisoryVerb.asked)),
        drawn AS MATERIALIZED (SELECT CASE WHEN true IN (SELECT got FROM taken) THEN \(draw) END AS token),
        flushed AS MATERIALIZED (SELECT token, \(flush) FROM drawn)
        SELECT got, token FROM taken, flushed ORDER BY place
        """
    }

    /// The same of one lock. Each step is one that the server does not merge with the next: it is done once, and first.
    func take(_ take: String) -> String {
        """
        SELECT got, token, \(flush)
        FROM (
            SELECT got, CASE WHEN got THEN \(draw) END AS token
            FROM (SELECT \(take) AS got OFFSET 0) taken OFFSET 0) drawn
        """
    }

    private var draw: String { "nextval('\(schema).tokens')" }

    private var flush: String {
        """
        CASE WHEN token IS NOT NULL AND pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()
            THEN pg_logical_emit_message(true, 'holdfast', '') END
        """
    }

    /// For an administrator, where the role may not make it itself.
    ///
    /// - Parameter role: who takes locks; checked before, see ``PostgresConfiguration``.
    func script(for role: String) -> String {
        "BEGIN;\n" + statements.map { $0 + ";\n" }.joined()
            + """
            GRANT USAGE ON SCHEMA \(schema) TO "\(role)";
            GRANT SELECT, UPDATE ON \(schema).epoch TO "\(role)";
            GRANT SELECT, UPDATE ON SEQUENCE \(schema).tokens TO "\(role)";
            GRANT SELECT, INSERT, UPDATE, DELETE ON \(schema).records TO "\(role)";
            GRANT SELECT, UPDATE ON \(schema).record_epoch TO "\(role)";
            GRANT SELECT, UPDATE ON SEQUENCE \(schema).versions TO "\(role)";
            COMMIT;

            """
    }
}
#endif
