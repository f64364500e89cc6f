#if Postgres
import Holdfast
import HoldfastSQL

extension TableLayout {
    /// Removes a claim whose life is over from the keys that are locked. Where it has others it is left for a sweep.
    ///
    /// - Returns: false where it was extended just before.
    var bury: String {
        function(
            "_bury(_client bigint, _number bigint, _place bigint, _keys bytea[], _now timestamptz)",
            returns: "RETURNS boolean",
            """
                DELETE FROM \(schema).claims
                    WHERE client = _client AND number = _number AND expires_at <= _now AND keys <@ _keys;
                IF NOT FOUND THEN
                    UPDATE \(schema).claims SET expires_at = '-infinity'
                        WHERE client = _client AND number = _number AND expires_at <= _now;
                    IF NOT FOUND AND EXISTS (
                        SELECT 1 FROM \(schema).claims WHERE client = _client AND number = _number)
                    THEN RETURN false; END IF;
                END IF;
                DELETE FROM \(schema).parts WHERE key = ANY (_keys) AND place = _place;
                RETURN true;
            """)
    }

    /// Moves the boundary of the clear parts on, on keys that are locked; grants the claims that have no other part.
    ///
    /// Claims' rows are locked in the order of their places, as everywhere.
    ///
    /// - Returns: `client:number:token` of each grant, with commas; other listeners' are told instead.
    var advance: String {
        function(
            "_advance(_keys bytea[], _now timestamptz, _boundary bigint, _listener bigint)", returns: "RETURNS text",
            declare: """
                    _part record;
                    _claim record;
                    _own text := '';
                """,
            """
                LOOP
                    SELECT w.* INTO _part
                    FROM unnest(_keys) k CROSS JOIN LATERAL (
                        SELECT * FROM \(schema).parts q WHERE q.key = k AND NOT q.clear ORDER BY q.place LIMIT 1) w
                    CROSS JOIN LATERAL (
                        SELECT h.kind, h.clear FROM \(schema).parts h WHERE h.key = k ORDER BY h.place LIMIT 1) head
                    WHERE CASE w.kind WHEN 0 THEN NOT head.clear WHEN 1 THEN NOT head.clear OR head.kind = 1
                        WHEN 3 THEN NOT EXISTS (
                            SELECT 1 FROM \(schema).parts s WHERE s.key = k AND s.place < w.place
                                AND \(PathMode.waits("w.permits", behind: "s.permits")))
                        ELSE w.permits + coalesce((
                            SELECT sum(s.permits) FROM \(schema).parts s WHERE s.key = k AND s.place < w.place), 0)
                            <= w.permit_limit END
                    ORDER BY w.place LIMIT 1;
                    EXIT WHEN NOT FOUND;
                    UPDATE \(schema).claims SET blocked = blocked - 1, token = CASE WHEN blocked > 1 THEN NULL
                        WHEN place > _boundary THEN place ELSE nextval('\(schema).places') END
                        WHERE client = _part.client AND number = _part.number AND expires_at > _now
                        RETURNING client, number, token, listener INTO _claim;
                    IF NOT FOUND THEN
                        PERFORM \(schema)._bury(_part.client, _part.number, _part.place, _keys, _now);
                        CONTINUE;
                    END IF;
                    UPDATE \(schema).parts SET clear = true WHERE key = _part.key AND place = _part.place;
                    CONTINUE WHEN _claim.token IS NULL;
                    IF _claim.listener = _listener THEN
                        _own := concat_ws(',', nullif(_own, ''),
                            \(schema)._text(_claim.client, _claim.number, _claim.token));
                    ELSE
                        PERFORM pg_notify(
                            'holdfast_' || to_hex(_claim.listener),
                            'granted ' || \(schema)._text(_claim.client, _claim.number, _claim.token));
                    END IF;
                    \(Self.flush)
                END LOOP;
                RETURN _own;
            """)
    }

    /// Removes every claim on keys that are locked whose life is over, and hands the keys on.
    var expire: String {
        function(
            "_expire(_keys bytea[], _now timestamptz, _boundary bigint, _listener bigint)", returns: "RETURNS text",
            declare: "    _claim record;",
            """
                FOR _claim IN
                    SELECT DISTINCT c.place, c.client, c.number
                    FROM \(schema).parts p JOIN \(schema).claims c USING (client, number)
                    WHERE p.key = ANY (_keys) AND c.expires_at <= _now ORDER BY c.place
                LOOP
                    PERFORM \(schema)._bury(_claim.client, _claim.number, _claim.place, _keys, _now);
                END LOOP;
                RETURN \(schema)._advance(_keys, _now, _boundary, _listener);
            """)
    }

    /// Where nobody waits, a removal is not flushed: after a crash the claim is back, and ends by its life.
    var remove: String {
        function(
            "remove(_client bigint, _number bigint, _listener bigint, OUT was_there boolean, OUT granted text)",
            declare: """
                    _boundary bigint := \(schema)._epoch();
                    _keys bytea[];
                    _now timestamptz;
                    _claim record;
                """,
            """
                was_there := false;
                granted := '';
                SELECT keys INTO _keys FROM \(schema).claims WHERE client = _client AND number = _number;
                IF NOT FOUND THEN RETURN; END IF;
                PERFORM \(schema)._lock(_keys);
                _now := clock_timestamp();
                DELETE FROM \(schema).claims WHERE client = _client AND number = _number
                    RETURNING place, expires_at, listener INTO _claim;
                IF NOT FOUND THEN RETURN; END IF;
                was_there := _claim.expires_at > _now;
                DELETE FROM \(schema).parts WHERE key = ANY (_keys) AND place = _claim.place;
                IF EXISTS (SELECT 1 FROM \(schema).parts WHERE key = ANY (_keys) AND NOT clear) THEN
                    granted := \(schema)._advance(_keys, _now, _boundary, _listener);
                ELSE
                    PERFORM set_config('synchronous_commit', 'off', true);
                END IF;
                IF _claim.listener <> _listener THEN
                    PERFORM pg_notify(
                        'holdfast_' || to_hex(_claim.listener), 'removed ' || \(schema)._text(_client, _number, 0));
                END IF;
            """)
    }
}
#endif
