#if Postgres
/// The claim table as PostgreSQL keeps it: a schema with tables, a sequence, and the functions that are the verbs.
///
/// One call of a function is one verb, one transaction and one round trip. It keeps nothing in the session, so that it
/// may come through a pooler that gives each transaction another one.
struct TableLayout: Sendable, Hashable {
    /// Another version's tables are refused.
    static let version = 1
    /// The first of the two numbers of every advisory lock taken here; the second is made of the schema and the key.
    static let lockClass = 0x686F_6C64

    /// In quotes.
    let schema: String

    /// - Parameter schema: checked before, see ``PostgresConfiguration``.
    init(schema: String) { self.schema = "\"\(schema)\"" }

    /// What makes it, in order, in one transaction. Where all of it is there nothing changes.
    var statements: [String] {
        [makeSchema] + tables + [text, epoch, lock, admits, couldAdmit, place, bury, advance, expire]
            + [remove, extend, ask, tend, dropEarlierSweep, sweep] + notes + [placePaths] + records
    }

    /// For an administrator, where the role may not make it itself.
    ///
    /// - Parameter role: who takes locks; checked before, see ``PostgresConfiguration``.
    func script(for role: String) -> String {
        let role = "\"\(role)\""
        return
            "BEGIN;\n" + statements.map { $0 + ";\n" }.joined()
                + """
                GRANT USAGE ON SCHEMA \(schema) TO \(role);
                GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(schema) TO \(role);
                GRANT SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA \(schema) TO \(role);
                COMMIT;

                """
    }

    /// A role that may use a schema may not be allowed to make one, even where it is there.
    var makeSchema: String {
        """
        DO $holdfast$ BEGIN
            PERFORM pg_advisory_xact_lock(\(Self.lockClass), hashtext('\(schema)'));
            IF NOT EXISTS (SELECT 1 FROM pg_namespace WHERE quote_ident(nspname) = quote_ident('\(bare)')) THEN
                CREATE SCHEMA \(schema);
            END IF;
        END $holdfast$
        """
    }

    private var bare: String { String(schema.dropFirst().dropLast()) }

    /// Rows come and go fast: vacuum must follow.
    static let upkeep = """
        fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
            autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.5
        """

    /// A `part` is clear when no earlier claim on its key blocks it: the clear parts of a key are always the first.
    /// `blocked` counts the parts that are not; a claim without any is held. An expired claim that has keys which its
    /// finder had not locked has `-infinity`, and is removed by the next sweep.
    private var tables: [String] {
        [
            """
            CREATE TABLE IF NOT EXISTS \(schema).layout (
                one boolean PRIMARY KEY DEFAULT true CHECK (one), version int NOT NULL, started_at timestamptz NOT NULL,
                timeline text NOT NULL, boundary bigint NOT NULL, swept_at timestamptz NOT NULL)
            """,
            "CREATE SEQUENCE IF NOT EXISTS \(schema).places CACHE 1",
            """
            CREATE TABLE IF NOT EXISTS \(schema).claims (
                client bigint NOT NULL, number bigint NOT NULL, place bigint NOT NULL, token bigint,
                blocked int NOT NULL, asked boolean NOT NULL DEFAULT false, placed_at timestamptz NOT NULL,
                expires_at timestamptz NOT NULL, listener bigint NOT NULL, keys bytea[] NOT NULL, host bytea NOT NULL,
                pid int NOT NULL, program bytea NOT NULL, label bytea NOT NULL, PRIMARY KEY (client, number))
                WITH (\(Self.upkeep))
            """,
            """
            CREATE TABLE IF NOT EXISTS \(schema).parts (
                key bytea NOT NULL, place bigint NOT NULL, client bigint NOT NULL, number bigint NOT NULL,
                kind int NOT NULL, permits int NOT NULL, permit_limit int NOT NULL, clear boolean NOT NULL,
                PRIMARY KEY (key, place))
                WITH (\(Self.upkeep))
            """,
            """
            INSERT INTO \(schema).layout (version, started_at, timeline, boundary, swept_at)
            VALUES (\(Self.version), '-infinity', '', 0, '-infinity') ON CONFLICT DO NOTHING
            """,
        ]
    }

    /// A function, made or made anew.
    func function(_ signature: String, returns: String = "", declare: String = "", _ body: String) -> String {
        """
        CREATE OR REPLACE FUNCTION \(schema).\(signature)
            \(returns) LANGUAGE plpgsql VOLATILE AS $holdfast$
        \(declare.isEmpty ? "" : "DECLARE\n\(declare)\n")BEGIN
        \(body)
        END $holdfast$
        """
    }
}
#endif
