#if MySQL
extension TableLayout {
    static let placeParameters = """
        _client BIGINT, _number BIGINT, _names MEDIUMTEXT, _modes MEDIUMTEXT, _count INT, _life BIGINT,
        _if_free INT, _seconds INT, _host VARBINARY(1024), _pid INT, _program VARBINARY(1024), _label VARBINARY(1024)
        """

    static let placeArguments =
        "_client, _number, _names, _modes, _count, _life, _if_free, _seconds, _host, _pid, _program, _label"

    /// `outcome`: 0 refused, 1 waiting, 2 held, 3 in conflict with the modes on the key of the number `fence`.
    static let place = Procedure(
        transaction: "place_noted", "\(placeParameters), _note VARBINARY(\(noteBytesLimit))",
        declare: """
            DECLARE _now, _until, _known, _fence, _place BIGINT;
            DECLARE _outcome, _clear, _blocked INT DEFAULT 0;
            DECLARE _index INT DEFAULT 1;
            DECLARE _clears, _granted MEDIUMTEXT DEFAULT '';
            DECLARE _name VARBINARY(1024);
            DECLARE _mode VARCHAR(64);
            """,
        locks: """
            SET _name = UNHEX(SUBSTRING_INDEX(_names, ',', 1));
            IF _count > 1 OR NOT COALESCE(GET_LOCK(\(lock("_name")), _seconds), 0) THEN
                CALL holdfast_lock(_names, _count, _seconds);
            END IF;
            """,
        """
        work: BEGIN
            SELECT place, expires_at, \(token()) INTO _known, _until, _fence FROM holdfast_claims
                WHERE client = _client AND number = _number FOR UPDATE;
            IF _known IS NOT NULL AND _until > _now THEN
                UPDATE holdfast_claims SET expires_at = GREATEST(expires_at, _now + _life) WHERE place = _known;
                SET _outcome = IF(_fence IS NULL, 1, 2);
                LEAVE work;
            END IF;
            SET _fence = NULL;
            WHILE _index <= _count DO
                SET _name = UNHEX(\(element("_names", "_index"))), _mode = \(element("_modes", "_index")), _clear = 1;
                IF EXISTS (SELECT 1 FROM holdfast_parts WHERE name = _name) THEN
                    CALL holdfast_admits(
                        _name, SUBSTRING_INDEX(_mode, ':', 1),
                        SUBSTRING_INDEX(SUBSTRING_INDEX(_mode, ':', 2), ':', -1), SUBSTRING_INDEX(_mode, ':', -1),
                        _clear);
                END IF;
                IF NOT COALESCE(_clear, 0) AND EXISTS (
                    SELECT 1 FROM holdfast_parts p LEFT JOIN holdfast_claims c ON c.place = p.place
                    WHERE p.name = _name AND COALESCE(c.expires_at, 0) <= _now)
                THEN
                    CALL holdfast_expire(_name, _now, _granted);
                    CALL holdfast_admits(
                        _name, SUBSTRING_INDEX(_mode, ':', 1),
                        SUBSTRING_INDEX(SUBSTRING_INDEX(_mode, ':', 2), ':', -1), SUBSTRING_INDEX(_mode, ':', -1),
                        _clear);
                END IF;
                IF _clear IS NULL THEN
                    SET _outcome = 3, _fence = _index;
                    LEAVE work;
                END IF;
                SET _clears = CONCAT(_clears, IF(_index = 1, '', ','), _clear), _blocked = _blocked + 1 - _clear;
                SET _index = _index + 1;
            END WHILE;
            SET _outcome = IF(_blocked = 0, 2, IF(_if_free, 0, 1));
            IF _outcome = 0 THEN LEAVE work; END IF;
            INSERT INTO holdfast_claims (
                client, number, token, blocked, placed_at, expires_at, host, pid, program, label, note)
                VALUES (_client, _number, IF(_outcome = 2, 0, NULL), _blocked, _now, _now + _life, _host, _pid,
                    _program, _label, _note);
            SET _place = LAST_INSERT_ID(), _fence = IF(_outcome = 2, LAST_INSERT_ID(), NULL), _index = 1;
            WHILE _index <= _count DO
                SET _mode = \(element("_modes", "_index"));
                INSERT INTO holdfast_parts VALUES (
                    UNHEX(\(element("_names", "_index"))), _place, SUBSTRING_INDEX(_mode, ':', 1),
                    SUBSTRING_INDEX(SUBSTRING_INDEX(_mode, ':', 2), ':', -1), SUBSTRING_INDEX(_mode, ':', -1),
                    \(element("_clears", "_index")));
                SET _index = _index + 1;
            END WHILE;
        END;
        COMMIT;
        DO RELEASE_ALL_LOCKS();
        SELECT _outcome, _fence, _granted;
        """)

    /// `found` where the claim was there, and its life not over.
    static let remove = Procedure(
        transaction: "remove", "_client BIGINT, _number BIGINT, _seconds INT",
        declare: """
            DECLARE _now, _place, _until BIGINT;
            DECLARE _found, _count INT DEFAULT 0;
            DECLARE _index INT DEFAULT 1;
            DECLARE _names, _granted MEDIUMTEXT DEFAULT '';
            DECLARE _name VARBINARY(1024);
            """,
        locks: """
            IF @@group_concat_max_len < 1048576 THEN SET SESSION group_concat_max_len = 1048576; END IF;
            SELECT COUNT(*), COALESCE(GROUP_CONCAT(HEX(p.name) ORDER BY p.name), ''), MAX(p.name)
                INTO _count, _names, _name
                FROM holdfast_claims c JOIN holdfast_parts p ON p.place = c.place
                WHERE c.client = _client AND c.number = _number;
            IF _count > 1 OR (_count = 1 AND NOT COALESCE(GET_LOCK(\(lock("_name")), _seconds), 0)) THEN
                CALL holdfast_lock(_names, _count, _seconds);
            END IF;
            """,
        """
        SELECT place, expires_at INTO _place, _until FROM holdfast_claims
            WHERE client = _client AND number = _number FOR UPDATE;
        IF _place IS NOT NULL THEN
            SET _found = _until > _now;
            DELETE FROM holdfast_claims WHERE place = _place;
            DELETE FROM holdfast_parts WHERE place = _place;
            WHILE _index <= _count DO
                SET _name = UNHEX(\(element("_names", "_index")));
                IF EXISTS (SELECT 1 FROM holdfast_parts WHERE name = _name) THEN
                    CALL holdfast_advance(_name, _now, _granted);
                END IF;
                SET _index = _index + 1;
            END WHILE;
        END IF;
        COMMIT;
        DO RELEASE_ALL_LOCKS();
        SELECT _found, _granted;
        """)

    /// Ends the lives that are over on one key.
    static let sweep = Procedure(
        transaction: "sweep", "_names MEDIUMTEXT, _seconds INT",
        declare: "DECLARE _now BIGINT; DECLARE _granted MEDIUMTEXT DEFAULT '';",
        locks: "CALL holdfast_lock(_names, 1, _seconds);",
        """
        CALL holdfast_expire(UNHEX(_names), _now, _granted);
        COMMIT;
        DO RELEASE_ALL_LOCKS();
        SELECT _granted;
        """)
}
#endif
