#if MySQL
import Holdfast
import HoldfastSQL

extension TableLayout {
    /// A number above all that were drawn before: of a row that does not stay.
    static let draw = Procedure(
        "draw", "OUT _number BIGINT", declare: "DECLARE _now BIGINT DEFAULT \(now);",
        """
        INSERT INTO holdfast_claims (client, number, blocked, placed_at, expires_at, host, pid, program, label)
            VALUES (0, -CONNECTION_ID(), 0, _now, _now, '', 0, '', '');
        SET _number = LAST_INSERT_ID();
        DELETE FROM holdfast_claims WHERE place = _number;
        """)

    /// The steps on these keys are ours, in the order in which all take them.
    static let lockAll = Procedure(
        "lock", "_names MEDIUMTEXT, _count INT, _seconds INT", declare: "DECLARE _index INT DEFAULT 1;",
        """
        WHILE _index <= _count DO
            IF NOT COALESCE(GET_LOCK(\(lock("UNHEX(\(element("_names", "_index")))")), _seconds), 0) THEN
                SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'others are busy with the key';
            END IF;
            SET _index = _index + 1;
        END WHILE;
        """)

    /// Removes a part whose claim's life is over; with its last part the claim goes.
    ///
    /// The claim is ended for good first, so that nothing extends it; 0 where that was done just before.
    static let bury = Procedure(
        "bury", "_name VARBINARY(1024), _place BIGINT, _now BIGINT, OUT _buried INT",
        declare: "DECLARE _until BIGINT;",
        """
        SELECT MAX(expires_at) INTO _until FROM holdfast_claims WHERE place = _place FOR UPDATE;
        SET _buried = COALESCE(_until, 0) <= _now;
        IF _buried THEN
            UPDATE holdfast_claims SET expires_at = 0 WHERE place = _place;
            DELETE FROM holdfast_parts WHERE name = _name AND place = _place;
            IF NOT EXISTS (SELECT 1 FROM holdfast_parts WHERE place = _place) THEN
                DELETE FROM holdfast_claims WHERE place = _place;
            END IF;
        END IF;
        """)

    /// Moves the boundary of the clear parts of a key on; grants the claims that have no other part.
    ///
    /// `_granted` gets `client:number:token` of each, with commas.
    static let advance = Procedure(
        "advance", "_name VARBINARY(1024), _now BIGINT, INOUT _granted MEDIUMTEXT",
        declare: """
            DECLARE _place, _head, _until, _client, _number, _fence BIGINT;
            DECLARE _kind, _permits, _limit, _head_kind, _head_clear, _blocked, _buried INT;
            """,
        """
        queue: LOOP
            SET _place = NULL;
            SELECT place, kind, permits, permit_limit INTO _place, _kind, _permits, _limit FROM holdfast_parts
                WHERE name = _name AND clear = 0 ORDER BY place LIMIT 1;
            IF _place IS NULL THEN LEAVE queue; END IF;
            SELECT place, kind, clear INTO _head, _head_kind, _head_clear FROM holdfast_parts
                WHERE name = _name ORDER BY place LIMIT 1;
            IF _head_clear AND (_kind = 0 OR (_kind = 1 AND _head_kind <> 1) OR (_kind = 2 AND _permits + (
                SELECT SUM(permits) FROM holdfast_parts WHERE name = _name AND place < _place) > _limit)
                OR (_kind = 3 AND EXISTS (SELECT 1 FROM holdfast_parts WHERE name = _name AND place < _place
                    AND \(PathMode.waits("_permits", behind: "permits")))))
            THEN LEAVE queue; END IF;
            SET _until = NULL;
            SELECT expires_at, client, number, blocked INTO _until, _client, _number, _blocked FROM holdfast_claims
                WHERE place = _place FOR UPDATE;
            IF COALESCE(_until, 0) <= _now THEN
                CALL holdfast_bury(_name, _place, _now, _buried);
                ITERATE queue;
            END IF;
            UPDATE holdfast_parts SET clear = 1 WHERE name = _name AND place = _place;
            SET _fence = NULL;
            IF _blocked = 1 THEN
                CALL holdfast_draw(_fence);
                SET _granted = CONCAT(
                    _granted, IF(_granted = '', '', ','), _client, ':', _number, ':', _fence);
            END IF;
            UPDATE holdfast_claims SET blocked = _blocked - 1, token = _fence WHERE place = _place;
        END LOOP;
        """)

    /// Removes what is over on a key, and hands the key on.
    static let expire = Procedure(
        "expire", "_name VARBINARY(1024), _now BIGINT, INOUT _granted MEDIUMTEXT",
        declare: "DECLARE _place BIGINT; DECLARE _buried INT;",
        """
        dead: LOOP
            SET _place = NULL;
            SELECT p.place INTO _place FROM holdfast_parts p LEFT JOIN holdfast_claims c ON c.place = p.place
                WHERE p.name = _name AND COALESCE(c.expires_at, 0) <= _now ORDER BY p.place LIMIT 1;
            IF _place IS NULL THEN LEAVE dead; END IF;
            CALL holdfast_bury(_name, _place, _now, _buried);
            IF NOT _buried THEN LEAVE dead; END IF;
        END LOOP;
        CALL holdfast_advance(_name, _now, _granted);
        """)

    /// Whether a part at the end of a key's queue is clear; null where its mode may not meet those that are there.
    static let admits = Procedure(
        "admits", "_name VARBINARY(1024), _kind INT, _permits INT, _limit INT, OUT _clear INT",
        declare: "DECLARE _last BIGINT; DECLARE _last_kind, _last_limit, _last_clear INT;",
        """
        SELECT place, kind, permit_limit, clear INTO _last, _last_kind, _last_limit, _last_clear FROM holdfast_parts
            WHERE name = _name ORDER BY place DESC LIMIT 1;
        SET _clear = CASE
            WHEN _last IS NULL THEN 1
            WHEN _last_limit <> _limit THEN NULL
            WHEN NOT _last_clear OR _kind = 0 THEN 0
            WHEN _kind = 1 THEN _last_kind = 1
            WHEN _kind = 3 THEN NOT EXISTS (SELECT 1 FROM holdfast_parts WHERE name = _name
                AND \(PathMode.waits("_permits", behind: "permits")))
            ELSE (SELECT SUM(permits) FROM holdfast_parts WHERE name = _name) + _permits <= _limit END;
        """)
}
#endif
