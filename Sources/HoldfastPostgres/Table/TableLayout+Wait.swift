#if Postgres
extension TableLayout {
    /// A claim, and a number about it, as grants and messages carry them.
    var text: String {
        """
        CREATE OR REPLACE FUNCTION \(schema)._text(bigint, bigint, bigint) RETURNS text LANGUAGE sql IMMUTABLE
            AS $holdfast$ SELECT $1 || ':' || $2 || ':' || $3 $holdfast$
        """
    }

    /// For each claim that lives: `client:number:asked`, with commas. Never shortens a life.
    var extend: String {
        function(
            "extend(_clients bigint[], _numbers bigint[], _life bigint)", returns: "RETURNS text",
            declare: """
                    _now timestamptz;
                    _alive text;
                """,
            """
                IF current_setting('transaction_isolation') <> 'read committed' THEN PERFORM \(schema)._epoch(); END IF;
            \(Self.flush)
                -- In the order that removers take the rows, too.
                PERFORM 1 FROM \(schema).claims c
                    JOIN unnest(_clients, _numbers) u (client, number) USING (client, number)
                    WHERE c.expires_at > clock_timestamp() ORDER BY c.place FOR UPDATE OF c;
                _now := clock_timestamp();
                WITH extended AS (
                    UPDATE \(schema).claims c
                    SET expires_at = greatest(c.expires_at, _now + _life * interval '1 microsecond')
                    FROM unnest(_clients, _numbers) u (client, number)
                    WHERE c.client = u.client AND c.number = u.number AND c.expires_at > _now
                    RETURNING c.client, c.number, c.asked)
                SELECT string_agg(\(schema)._text(client, number, asked::int), ',') INTO _alive FROM extended;
                RETURN coalesce(_alive, '');
            """)
    }

    /// Marks a claim, and tells its listener.
    var ask: String {
        function(
            "ask(_client bigint, _number bigint)", returns: "RETURNS boolean",
            declare: "    _told bigint;",
            """
                UPDATE \(schema).claims SET asked = true
                    WHERE client = _client AND number = _number AND expires_at > clock_timestamp()
                    RETURNING listener INTO _told;
                IF NOT FOUND THEN RETURN false; END IF;
                PERFORM pg_notify('holdfast_' || to_hex(_told), 'asked ' || \(schema)._text(_client, _number, 0));
                RETURN true;
            """)
    }

    /// How claims stand that somebody waits for: `client:number:token` of those that live, 0 while they wait; and in
    /// how many microseconds the next life ends that one of them waits for. Lives that are over are ended.
    var tend: String {
        function(
            """
            tend(
                _clients bigint[], _numbers bigint[], _listener bigint,
                OUT states text, OUT granted text, OUT next_look bigint)
            """,
            declare: """
                    _keys bytea[];
                    _stale bytea[];
                    _boundary bigint;
                """,
            """
                granted := '';
                _keys := ARRAY(
                    SELECT DISTINCT k FROM unnest(_clients, _numbers) u (client, number)
                    JOIN \(schema).claims c USING (client, number) CROSS JOIN LATERAL unnest(c.keys) k
                    WHERE c.token IS NULL);
                _stale := ARRAY(
                    SELECT k FROM unnest(_keys) k WHERE EXISTS (
                        SELECT 1 FROM \(schema).parts p JOIN \(schema).claims c USING (client, number)
                        WHERE p.key = k AND c.expires_at <= clock_timestamp()));
                IF cardinality(_stale) > 0 THEN
                    _boundary := \(schema)._epoch();
                    PERFORM \(schema)._lock(_stale);
                    granted := \(schema)._expire(_stale, clock_timestamp(), _boundary, _listener);
                END IF;
                SELECT string_agg(\(schema)._text(c.client, c.number, coalesce(c.token, 0)), ',') INTO states
                    FROM unnest(_clients, _numbers) u (client, number) JOIN \(schema).claims c USING (client, number)
                    WHERE c.expires_at > clock_timestamp();
                SELECT (extract(epoch FROM min(c.expires_at) - clock_timestamp()) * 1000000)::bigint INTO next_look
                    FROM unnest(_keys) k JOIN \(schema).parts p ON p.key = k AND p.clear
                    JOIN \(schema).claims c USING (client, number) WHERE c.expires_at > '-infinity';
                states := coalesce(states, '');
            """)
    }

    /// Ends lives that are over on keys that nobody asks for, for all clients: the first to come does it.
    ///
    /// - Returns: how many claims it found; -1 where it was not its turn.
    var sweep: String {
        function(
            "sweep(_listener bigint, _claims_limit int, _again boolean, OUT swept int, OUT granted text)",
            declare: """
                    _boundary bigint := \(schema)._epoch();
                    _now timestamptz := clock_timestamp();
                    _claims \(schema).claims[];
                    _keys bytea[];
                """,
            """
                swept := -1;
                granted := '';
                UPDATE \(schema).layout SET swept_at = _now WHERE _again OR swept_at < _now - interval '10 s';
                IF NOT FOUND THEN RETURN; END IF;
                _claims := ARRAY(
                    SELECT c FROM \(schema).claims c WHERE c.expires_at <= _now ORDER BY place
                    LIMIT _claims_limit);
                swept := cardinality(_claims);
                IF swept = 0 THEN RETURN; END IF;
                _keys := ARRAY(SELECT DISTINCT k FROM unnest(_claims) c CROSS JOIN LATERAL unnest(c.keys) k);
                PERFORM \(schema)._lock(_keys);
                _now := clock_timestamp();
                granted := \(schema)._expire(_keys, _now, _boundary, _listener);
                -- Of some nothing was left but this.
                DELETE FROM \(schema).claims c USING unnest(_claims) o
                    WHERE c.client = o.client AND c.number = o.number AND c.expires_at <= _now;
            """)
    }
}
#endif
