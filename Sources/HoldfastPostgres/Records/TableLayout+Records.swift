#if Postgres
/// Records beside the claims, the same for both ways to lock: what one call reads or writes is one row.
///
/// A write is one statement, which finds the row again where it had to wait for another writer: READ COMMITTED does so
/// by itself. What is over is absent in each of them, whether or not it was deleted yet.
extension TableLayout {
    /// What makes them, in order.
    var records: [String] { recordTables + [recordEpoch, readRecord, writeRecord, deleteRecord] }

    /// `infinity` is a life without an end.
    private var recordTables: [String] {
        [
            """
            CREATE TABLE IF NOT EXISTS \(schema).records (
                key bytea PRIMARY KEY, version bigint NOT NULL, expires_at timestamptz NOT NULL, value bytea NOT NULL)
                WITH (\(Self.upkeep))
            """,
            """
            CREATE INDEX IF NOT EXISTS records_by_end ON \(schema).records (expires_at) WHERE expires_at < 'infinity'
            """,
            "CREATE SEQUENCE IF NOT EXISTS \(schema).versions CACHE 1",
            """
            CREATE TABLE IF NOT EXISTS \(schema).record_epoch (
                one boolean PRIMARY KEY DEFAULT true CHECK (one), started_at timestamptz NOT NULL,
                timeline text NOT NULL, table_oid oid NOT NULL)
            """,
            "INSERT INTO \(schema).record_epoch VALUES (true, '-infinity', '', 0) ON CONFLICT DO NOTHING",
        ]
    }

    /// Moves the versions on where this server is not the one that gave the last: it was started anew, was promoted,
    /// or the table was filled from a dump. They go on from the microseconds since 1970.
    private var recordEpoch: String {
        function(
            "_record_epoch()", returns: "RETURNS void",
            declare: """
                    current text := left(pg_walfile_name(pg_current_wal_lsn()), 8);
                    started timestamptz := pg_postmaster_start_time();
                    relation oid := '\(schema).records'::regclass;
                """,
            """
                -- Every statement must see what was committed before it.
                IF current_setting('transaction_isolation') <> 'read committed' THEN
                    RAISE EXCEPTION 'transaction isolation is %', current_setting('transaction_isolation')
                        USING ERRCODE = 'HF001';
                END IF;
                IF EXISTS (SELECT 1 FROM \(schema).record_epoch
                    WHERE started_at = started AND timeline = current AND table_oid = relation) THEN RETURN; END IF;
                PERFORM 1 FROM \(schema).record_epoch FOR UPDATE;
                IF EXISTS (SELECT 1 FROM \(schema).record_epoch
                    WHERE started_at = started AND timeline = current AND table_oid = relation) THEN RETURN; END IF;
                PERFORM setval('\(schema).versions', greatest(
                    (SELECT last_value FROM \(schema).versions),
                    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint));
                UPDATE \(schema).record_epoch SET started_at = started, timeline = current, table_oid = relation;
            """)
    }

    /// A standby may not have heard of the last write: it answers nothing.
    private var readRecord: String {
        function(
            "read_record(_key bytea, OUT version bigint, OUT hex text)",
            """
                IF pg_is_in_recovery() THEN
                    RAISE EXCEPTION 'cannot read records during recovery' USING ERRCODE = '25006';
                END IF;
                SELECT r.version, encode(r.value, 'hex') INTO version, hex FROM \(schema).records r
                    WHERE r.key = _key AND r.expires_at > clock_timestamp();
            """)
    }

    /// The new version; null where another stands there than was expected, or none.
    ///
    /// What draws the version also writes the row: the commit that makes the row durable makes the draw so, too, since
    /// the server writes its log in order.
    private var writeRecord: String {
        let end = "coalesce(clock_timestamp() + _life * interval '1 microsecond', 'infinity')"
        return function(
            "write_record(_key bytea, _value bytea, _expected bigint, _life bigint)", returns: "RETURNS bigint",
            declare: """
                    _written bigint;
                    _now timestamptz;
                """,
            """
                PERFORM \(schema)._record_epoch();
            \(Self.flush)
                IF _expected IS NOT NULL THEN
                    UPDATE \(schema).records r
                        SET version = nextval('\(schema).versions'), value = _value, expires_at = \(end)
                        WHERE r.key = _key AND r.version = _expected AND r.expires_at > clock_timestamp()
                        RETURNING r.version INTO _written;
                ELSE
                    -- The statement below locks the row that it finds, which would have to be written, too.
                    IF EXISTS (SELECT 1 FROM \(schema).records r
                        WHERE r.key = _key AND r.expires_at > clock_timestamp()) THEN RETURN NULL; END IF;
                    INSERT INTO \(schema).records AS r (key, version, expires_at, value)
                        VALUES (_key, nextval('\(schema).versions'), \(end), _value)
                        ON CONFLICT (key) DO UPDATE
                            SET version = excluded.version, value = excluded.value, expires_at = \(end)
                            WHERE r.expires_at <= clock_timestamp()
                        RETURNING r.version INTO _written;
                END IF;
                IF _written IS NULL THEN RETURN NULL; END IF;
                -- Each write may leave one row that nobody asks for again, and takes away more. It waits for nobody.
                _now := clock_timestamp();
                DELETE FROM \(schema).records r WHERE r.expires_at <= _now AND r.key = ANY (ARRAY(
                    SELECT o.key FROM \(schema).records o WHERE o.expires_at <= _now AND o.expires_at < 'infinity'
                        ORDER BY o.expires_at LIMIT \(Self.recordsPerSweep) FOR UPDATE SKIP LOCKED));
                RETURN _written;
            """)
    }

    /// Whether it was that version, and there.
    private var deleteRecord: String {
        function(
            "delete_record(_key bytea, _expected bigint)", returns: "RETURNS boolean",
            """
            \(Self.flush)
                DELETE FROM \(schema).records r
                    WHERE r.key = _key AND r.version = _expected AND r.expires_at > clock_timestamp();
                RETURN FOUND;
            """)
    }

    /// Records whose life is over that one write deletes, at most.
    private static let recordsPerSweep = 4
}
#endif
