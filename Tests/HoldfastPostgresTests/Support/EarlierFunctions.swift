#if Postgres
/// Functions as they were made before there were paths, as the script had them.
enum EarlierFunctions {
    static let script = #"""
        BEGIN;
        CREATE OR REPLACE FUNCTION holdfast._admits(_key bytea, _kind int, _permits int, _limit int)
            RETURNS boolean LANGUAGE plpgsql VOLATILE AS $holdfast$
        DECLARE
            _last record;
        BEGIN
            SELECT kind, permit_limit, clear INTO _last FROM holdfast.parts WHERE key = _key
                ORDER BY place DESC LIMIT 1;
            IF NOT FOUND THEN RETURN true; END IF;
            IF _last.permit_limit <> _limit THEN RETURN NULL; END IF;
            IF NOT _last.clear OR _kind = 0 THEN RETURN false; END IF;
            IF _kind = 1 THEN RETURN _last.kind = 1; END IF;
            RETURN (SELECT sum(permits) FROM holdfast.parts WHERE key = _key) + _permits <= _limit;
        END $holdfast$;
        CREATE OR REPLACE FUNCTION holdfast._could_admit(
            _key bytea, _kind int, _permits int, _limit int, _now timestamptz)
            RETURNS boolean LANGUAGE plpgsql VOLATILE AS $holdfast$
        BEGIN
            IF _kind = 2 THEN
                RETURN coalesce((
                    SELECT sum(p.permits) FROM holdfast.parts p JOIN holdfast.claims c USING (client, number)
                    WHERE p.key = _key AND c.expires_at > _now), 0) + _permits <= _limit;
            END IF;
            RETURN NOT EXISTS (
                SELECT 1 FROM holdfast.parts p JOIN holdfast.claims c USING (client, number)
                WHERE p.key = _key AND (_kind = 0 OR p.kind = 0) AND c.expires_at > _now);
        END $holdfast$;
        CREATE OR REPLACE FUNCTION holdfast._advance(
            _keys bytea[], _now timestamptz, _boundary bigint, _listener bigint)
            RETURNS text LANGUAGE plpgsql VOLATILE AS $holdfast$
        DECLARE
            _part record;
            _claim record;
            _own text := '';
        BEGIN
            LOOP
                SELECT w.* INTO _part
                FROM unnest(_keys) k CROSS JOIN LATERAL (
                    SELECT * FROM holdfast.parts q WHERE q.key = k AND NOT q.clear ORDER BY q.place LIMIT 1) w
                CROSS JOIN LATERAL (
                    SELECT h.kind, h.clear FROM holdfast.parts h WHERE h.key = k ORDER BY h.place LIMIT 1) head
                WHERE CASE w.kind WHEN 0 THEN NOT head.clear WHEN 1 THEN NOT head.clear OR head.kind = 1
                    ELSE w.permits + coalesce((
                        SELECT sum(s.permits) FROM holdfast.parts s WHERE s.key = k AND s.place < w.place), 0)
                        <= w.permit_limit END
                ORDER BY w.place LIMIT 1;
                EXIT WHEN NOT FOUND;
                UPDATE holdfast.claims SET blocked = blocked - 1, token = CASE WHEN blocked > 1 THEN NULL
                    WHEN place > _boundary THEN place ELSE nextval('holdfast.places') END
                    WHERE client = _part.client AND number = _part.number AND expires_at > _now
                    RETURNING client, number, token, listener INTO _claim;
                IF NOT FOUND THEN
                    PERFORM holdfast._bury(_part.client, _part.number, _part.place, _keys, _now);
                    CONTINUE;
                END IF;
                UPDATE holdfast.parts SET clear = true WHERE key = _part.key AND place = _part.place;
                CONTINUE WHEN _claim.token IS NULL;
                IF _claim.listener = _listener THEN
                    _own := concat_ws(',', nullif(_own, ''),
                        holdfast._text(_claim.client, _claim.number, _claim.token));
                ELSE
                    PERFORM pg_notify(
                        'holdfast_' || to_hex(_claim.listener),
                        'granted ' || holdfast._text(_claim.client, _claim.number, _claim.token));
                END IF;
                IF current_setting('synchronous_commit') IN ('off', 'local', 'remote_write') THEN
                    PERFORM set_config('synchronous_commit', 'on', true);
                END IF;
            END LOOP;
            RETURN _own;
        END $holdfast$;
        CREATE OR REPLACE FUNCTION holdfast.sweep(
            _listener bigint, _most int, _again boolean, OUT swept int, OUT granted text)
            LANGUAGE plpgsql VOLATILE AS $holdfast$
        DECLARE
            _boundary bigint := holdfast._epoch();
            _now timestamptz := clock_timestamp();
            _claims holdfast.claims[];
            _keys bytea[];
        BEGIN
            swept := -1;
            granted := '';
            UPDATE holdfast.layout SET swept_at = _now WHERE _again OR swept_at < _now - interval '10 s';
            IF NOT FOUND THEN RETURN; END IF;
            _claims := ARRAY(
                SELECT c FROM holdfast.claims c WHERE c.expires_at <= _now ORDER BY place LIMIT _most);
            swept := cardinality(_claims);
            IF swept = 0 THEN RETURN; END IF;
            _keys := ARRAY(SELECT DISTINCT k FROM unnest(_claims) c CROSS JOIN LATERAL unnest(c.keys) k);
            PERFORM holdfast._lock(_keys);
            _now := clock_timestamp();
            granted := holdfast._expire(_keys, _now, _boundary, _listener);
            -- Of some nothing was left but this.
            DELETE FROM holdfast.claims c USING unnest(_claims) o
                WHERE c.client = o.client AND c.number = o.number AND c.expires_at <= _now;
        END $holdfast$;
        COMMIT;
        """#
}
#endif
