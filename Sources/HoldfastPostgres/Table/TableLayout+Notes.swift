#if Postgres
/// What owners say with their claims. No verb but these knows of it, so that a schema without it keeps claims.
extension TableLayout {
    /// What makes it, in order.
    var notes: [String] { [noteColumn, placeNoted, annotate, listing] }

    /// Of tables that an older version made. The claims are not rewritten.
    private var noteColumn: String {
        """
        DO $holdfast$ BEGIN
            IF NOT EXISTS (
                SELECT 1 FROM pg_attribute
                WHERE attrelid = '\(schema).claims'::regclass AND attname = 'note' AND NOT attisdropped) THEN
                ALTER TABLE \(schema).claims ADD COLUMN note text NOT NULL DEFAULT '';
            END IF;
        END $holdfast$
        """
    }

    /// A claim that was annotated since keeps its note where it is placed again.
    private var placeNoted: String {
        function(
            """
            place_noted(
                _client bigint, _number bigint, _hexes text[], _kinds int[], _permits int[], _limits int[],
                _life bigint, _if_free boolean, _listener bigint, _host text, _pid int, _program text, _label text,
                _note text, OUT outcome int, OUT fence bigint, OUT granted text)
            """,
            """
                SELECT p.outcome, p.fence, p.granted INTO outcome, fence, granted FROM \(schema).place(
                    _client, _number, _hexes, _kinds, _permits, _limits, _life, _if_free, _listener, _host, _pid,
                    _program, _label) p;
                UPDATE \(schema).claims SET note = _note
                    WHERE client = _client AND number = _number AND note = '' AND outcome IN (1, 2);
            """)
    }

    /// A server that crashes may lose it, and never the claim: it is not flushed.
    private var annotate: String {
        function(
            "annotate(_client bigint, _number bigint, _note text)", returns: "RETURNS boolean",
            """
                UPDATE \(schema).claims SET note = _note
                    WHERE client = _client AND number = _number AND expires_at > clock_timestamp();
                IF NOT FOUND THEN RETURN false; END IF;
                PERFORM set_config('synchronous_commit', 'off', true);
                RETURN true;
            """)
    }

    /// By key, then in queue order. What ended is told by a clock that was read before the rows: a claim that was
    /// renewed meanwhile must not seem to be over.
    private var listing: String {
        """
        CREATE OR REPLACE FUNCTION \(schema).listing(_first bytea, _behind bytea, _most int)
            RETURNS TABLE (key text, client bigint, number bigint, kind int, permits int, permit_limit int, host text,
                pid int, program text, label text, token bigint, age bigint, remaining bigint, asked boolean, note text)
            LANGUAGE sql VOLATILE AS $holdfast$
            SELECT encode(p.key, 'hex'), c.client, c.number, p.kind, p.permits, p.permit_limit, encode(c.host, 'hex'),
                c.pid, encode(c.program, 'hex'), encode(c.label, 'hex'), c.token,
                (extract(epoch FROM clock_timestamp() - c.placed_at) * 1000000)::bigint,
                (extract(epoch FROM c.expires_at - clock_timestamp()) * 1000000)::bigint, c.asked, c.note
            FROM \(schema).parts p JOIN \(schema).claims c USING (client, number)
            WHERE p.key >= _first AND (_behind IS NULL OR p.key < _behind) AND c.expires_at > statement_timestamp()
            ORDER BY p.key, p.place LIMIT _most
            $holdfast$
        """
    }
}
#endif
