#if Postgres
extension TableLayout {
    /// The number up to which places may have been given out by another server than this, as tokens, too.
    ///
    /// A server that was started anew, was promoted, or was filled from a dump may have lost places: the sequence then
    /// goes on from the microseconds since 1970. Who waited there is granted with a new number.
    var epoch: String {
        function(
            "_epoch()", returns: "RETURNS bigint",
            declare: """
                    current text := \(Self.current("\(schema).layout"));
                    started timestamptz := pg_postmaster_start_time();
                    known \(schema).layout;
                """,
            """
                -- Every statement must see what was committed before it.
                IF current_setting('transaction_isolation') <> 'read committed' THEN
                    RAISE EXCEPTION 'transaction isolation is %', current_setting('transaction_isolation')
                        USING ERRCODE = 'HF001';
                END IF;
                SELECT * INTO known FROM \(schema).layout;
                IF known.version IS DISTINCT FROM \(Self.version) THEN
                    RAISE EXCEPTION 'version %', known.version USING ERRCODE = 'HF002';
                END IF;
                IF known.started_at = started AND known.timeline = current THEN RETURN known.boundary; END IF;
                SELECT * INTO known FROM \(schema).layout FOR UPDATE;
                IF known.started_at = started AND known.timeline = current THEN RETURN known.boundary; END IF;
                known.boundary := setval('\(schema).places', greatest(
                    (SELECT last_value FROM \(schema).places), (SELECT max(place) FROM \(schema).claims),
                    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint));
                UPDATE \(schema).layout SET started_at = started, timeline = current, boundary = known.boundary;
                PERFORM set_config('synchronous_commit', 'on', true);
                RETURN known.boundary;
            """)
    }

    /// Which history of the server a row was written in: another one after a promotion, and where a dump was put back,
    /// which makes the table anew.
    static func current(_ table: String) -> String {
        "left(pg_walfile_name(pg_current_wal_lsn()), 8) || '/' || '\(table)'::regclass::oid"
    }

    /// All keys of a claim, in an order that all share, before anything is read: nothing is left behind.
    var lock: String {
        function(
            "_lock(_keys bytea[])", returns: "RETURNS void",
            declare: "    _lock int;",
            """
                IF cardinality(_keys) = 1 THEN
                    PERFORM pg_advisory_xact_lock(\(Self.lockClass), \(number("_keys[1]")));
                    RETURN;
                END IF;
                FOR _lock IN SELECT DISTINCT \(number("k")) AS n FROM unnest(_keys) k ORDER BY n LOOP
                    PERFORM pg_advisory_xact_lock(\(Self.lockClass), _lock);
                END LOOP;
            """)
    }

    /// Two keys of one number wait for each other's steps, and no more.
    private func number(_ key: String) -> String { "hashtext('\(schema)' || encode(\(key), 'hex'))" }

    /// A commit that a caller relies on is flushed, whatever the role's settings are.
    static let flush = """
            IF current_setting('synchronous_commit') IN ('off', 'local', 'remote_write') THEN
                PERFORM set_config('synchronous_commit', 'on', true);
            END IF;
        """
}
#endif
