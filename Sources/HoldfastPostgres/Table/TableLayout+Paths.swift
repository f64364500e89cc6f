#if Postgres
/// Paths came to the schema later than the rest. The verbs that keep their queues are those of all claims, made anew;
/// this one is asked for by name, so that no schema whose verbs do not know them gets a claim on a path.
extension TableLayout {
    /// As `place_noted`.
    var placePaths: String {
        let parameters = """
            _client, _number, _hexes, _kinds, _permits, _limits, _life, _if_free, _listener, _host, _pid, _program,
                        _label
            """
        return function(
            """
            place_on_paths(
                _client bigint, _number bigint, _hexes text[], _kinds int[], _permits int[], _limits int[],
                _life bigint, _if_free boolean, _listener bigint, _host text, _pid int, _program text, _label text,
                _note text, OUT outcome int, OUT fence bigint, OUT granted text)
            """,
            """
                IF _note = '' THEN
                    SELECT p.* INTO outcome, fence, granted FROM \(schema).place(
                        \(parameters)) p;
                ELSE
                    SELECT p.* INTO outcome, fence, granted FROM \(schema).place_noted(
                        \(parameters), _note) p;
                END IF;
            """)
    }

    /// What an older version prints would put its own verbs back, under claims on paths that they do not know. No
    /// function is replaced by one with other names of its parameters: since this one has others, the server refuses
    /// all of that, in its one transaction.
    var dropEarlierSweep: String {
        """
        DO $holdfast$ BEGIN
            IF EXISTS (
                SELECT 1 FROM pg_proc WHERE oid = to_regprocedure('\(schema).sweep(bigint, int, boolean)')
                    AND '_most' = ANY (proargnames)) THEN
                DROP FUNCTION \(schema).sweep(bigint, int, boolean);
            END IF;
        END $holdfast$
        """
    }
}
#endif
