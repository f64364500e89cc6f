#if Postgres
import Holdfast
import HoldfastSQL

extension TableLayout {
    /// Whether a part at the end of a key's queue is clear; null where its mode may not meet those that are there.
    var admits: String {
        function(
            "_admits(_key bytea, _kind int, _permits int, _limit int)", returns: "RETURNS boolean",
            declare: "    _last record;",
            """
                SELECT kind, permit_limit, clear INTO _last FROM \(schema).parts WHERE key = _key
                    ORDER BY place DESC LIMIT 1;
                IF NOT FOUND THEN RETURN true; END IF;
                IF _last.permit_limit <> _limit THEN RETURN NULL; END IF;
                IF NOT _last.clear OR _kind = 0 THEN RETURN false; END IF;
                IF _kind = 1 THEN RETURN _last.kind = 1; END IF;
                IF _kind = 3 THEN
                    RETURN NOT EXISTS (
                        SELECT 1 FROM \(schema).parts
                        WHERE key = _key AND \(PathMode.waits("_permits", behind: "permits")));
                END IF;
                RETURN (SELECT sum(permits) FROM \(schema).parts WHERE key = _key) + _permits <= _limit;
            """)
    }

    /// Whether it would be, were it not for claims whose life is over.
    var couldAdmit: String {
        function(
            "_could_admit(_key bytea, _kind int, _permits int, _limit int, _now timestamptz)",
            returns: "RETURNS boolean",
            """
                IF _kind = 2 THEN
                    RETURN coalesce((
                        SELECT sum(p.permits) FROM \(schema).parts p JOIN \(schema).claims c USING (client, number)
                        WHERE p.key = _key AND c.expires_at > _now), 0) + _permits <= _limit;
                END IF;
                IF _kind = 3 THEN
                    -- One that lives may wait, and keep out all behind it: without an end there is nothing to gain.
                    RETURN EXISTS (
                        SELECT 1 FROM \(schema).parts p JOIN \(schema).claims c USING (client, number)
                        WHERE p.key = _key AND c.expires_at <= _now)
                    AND NOT EXISTS (
                        SELECT 1 FROM \(schema).parts p JOIN \(schema).claims c USING (client, number)
                        WHERE p.key = _key AND \(PathMode.waits("_permits", behind: "p.permits"))
                            AND c.expires_at > _now);
                END IF;
                RETURN NOT EXISTS (
                    SELECT 1 FROM \(schema).parts p JOIN \(schema).claims c USING (client, number)
                    WHERE p.key = _key AND (_kind = 0 OR p.kind = 0) AND c.expires_at > _now);
            """)
    }

    /// `place`: 0 refused, 1 waiting, 2 held, 3 in conflict with the modes on the key of that index.
    ///
    /// Place and token are one number, drawn under the locks of the keys: it rises with every claim on a key.
    var place: String {
        function(
            """
            place(
                _client bigint, _number bigint, _hexes text[], _kinds int[], _permits int[], _limits int[],
                _life bigint, _if_free boolean, _listener bigint, _host text, _pid int, _program text, _label text,
                OUT outcome int, OUT fence bigint, OUT granted text)
            """,
            declare: """
                    _boundary bigint := \(schema)._epoch();
                    _keys bytea[] := ARRAY(
                        SELECT decode(h, 'hex') FROM unnest(_hexes) WITH ORDINALITY u (h, n) ORDER BY n);
                    _now timestamptz;
                    _until timestamptz;
                    _known record;
                    _clear boolean[];
                    _place bigint;
                """,
            """
            \(Self.flush)
                granted := '';
                PERFORM \(schema)._lock(_keys);
                _now := clock_timestamp();
                _until := _now + _life * interval '1 microsecond';
                UPDATE \(schema).claims SET expires_at = greatest(expires_at, _until)
                    WHERE client = _client AND number = _number AND expires_at > _now RETURNING token INTO _known;
                IF FOUND THEN
                    outcome := CASE WHEN _known.token IS NULL THEN 1 ELSE 2 END;
                    fence := _known.token;
                    RETURN;
                END IF;
                -- Whether it is of this name and over, or others' are over that stand in the way.
                IF EXISTS (SELECT 1 FROM \(schema).claims WHERE client = _client AND number = _number) THEN
                    granted := \(schema)._expire(_keys, _now, _boundary, _listener);
                    DELETE FROM \(schema).claims
                        WHERE client = _client AND number = _number AND expires_at <= _now;
                END IF;
                FOR _round IN 1..2 LOOP
                    _clear := ARRAY(
                        SELECT \(schema)._admits(k, i, p, l)
                        FROM unnest(_keys, _kinds, _permits, _limits) WITH ORDINALITY u (k, i, p, l, n) ORDER BY n);
                    EXIT WHEN _round = 2 OR true = ALL (_clear) OR NOT EXISTS (
                        SELECT 1 FROM unnest(_keys, _kinds, _permits, _limits, _clear) u (k, i, p, l, c)
                        WHERE c IS NULL OR (NOT c AND \(schema)._could_admit(k, i, p, l, _now)));
                    granted := concat_ws(
                        ',', nullif(granted, ''), nullif(\(schema)._expire(_keys, _now, _boundary, _listener), ''));
                END LOOP;
                IF array_position(_clear, NULL) IS NOT NULL THEN
                    outcome := 3;
                    fence := array_position(_clear, NULL);
                    RETURN;
                END IF;
                outcome := CASE WHEN true = ALL (_clear) THEN 2 WHEN _if_free THEN 0 ELSE 1 END;
                IF outcome = 0 THEN RETURN; END IF;
                _place := nextval('\(schema).places');
                IF outcome = 2 THEN fence := _place; END IF;
                INSERT INTO \(schema).claims VALUES (
                    _client, _number, _place, fence, (SELECT count(*) FROM unnest(_clear) c WHERE NOT c), false, _now,
                    _until, _listener, _keys, decode(_host, 'hex'), _pid, decode(_program, 'hex'),
                    decode(_label, 'hex'));
                INSERT INTO \(schema).parts SELECT k, _place, _client, _number, i, p, l, c
                    FROM unnest(_keys, _kinds, _permits, _limits, _clear) u (k, i, p, l, c);
            """)
    }
}
#endif
