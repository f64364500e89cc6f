#if MySQL
/// The tables and procedures as they were made before there were notes and records, each statement as it was sent.
enum EarlierTables {
    static let rights = "SELECT, INSERT, UPDATE, DELETE"
    static let tables = ["holdfast_layout", "holdfast_claims", "holdfast_parts"]
    static let procedures = [
        "draw", "lock", "bury", "advance", "expire", "admits", "place", "remove", "sweep",
    ]

    static let statements = text.split(separator: "$$").map(String.init)

    /// What an administrator granted on them.
    static func grants(to account: String) -> [String] {
        tables.map { "GRANT \(rights) ON test.\($0) TO \(account)" }
            + procedures.map { "GRANT EXECUTE ON PROCEDURE test.holdfast_\($0) TO \(account)" }
    }

    private static let text = #"""
        CREATE TABLE IF NOT EXISTS holdfast_layout (one INT PRIMARY KEY, version INT NOT NULL) ENGINE=InnoDB
        $$
        CREATE TABLE IF NOT EXISTS holdfast_claims (
            place BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, client BIGINT NOT NULL, number BIGINT NOT NULL,
            token BIGINT, blocked INT NOT NULL, asked INT NOT NULL DEFAULT 0, placed_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL, host VARBINARY(1024) NOT NULL, pid INT NOT NULL,
            program VARBINARY(1024) NOT NULL, label VARBINARY(1024) NOT NULL,
            UNIQUE KEY id (client, number), KEY expiry (expires_at)) ENGINE=InnoDB
        $$
        CREATE TABLE IF NOT EXISTS holdfast_parts (
            name VARBINARY(1024) NOT NULL, place BIGINT NOT NULL, kind INT NOT NULL, permits INT NOT NULL,
            permit_limit INT NOT NULL, clear INT NOT NULL,
            PRIMARY KEY (name, place), KEY place (place)) ENGINE=InnoDB
        $$
        DROP PROCEDURE IF EXISTS holdfast_draw
        $$
        CREATE PROCEDURE holdfast_draw(OUT _number BIGINT) MODIFIES SQL DATA SQL SECURITY INVOKER
        BEGIN
        DECLARE _now BIGINT DEFAULT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED);
        INSERT INTO holdfast_claims (client, number, blocked, placed_at, expires_at, host, pid, program, label)
            VALUES (0, -CONNECTION_ID(), 0, _now, _now, '', 0, '', '');
        SET _number = LAST_INSERT_ID();
        DELETE FROM holdfast_claims WHERE place = _number;
        END
        $$
        DROP PROCEDURE IF EXISTS holdfast_lock
        $$
        CREATE PROCEDURE holdfast_lock(_names MEDIUMTEXT, _count INT, _seconds INT) MODIFIES SQL DATA SQL
            SECURITY INVOKER
        BEGIN
        DECLARE _index INT DEFAULT 1;
        WHILE _index <= _count DO
            IF NOT COALESCE(GET_LOCK(CONCAT('hf:', SHA2(CONCAT(DATABASE(), '/',
                UNHEX(SUBSTRING_INDEX(SUBSTRING_INDEX(_names, ',', _index), ',', -1))), 224)), _seconds), 0) THEN
                SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1205, MESSAGE_TEXT = 'others are busy with the key';
            END IF;
            SET _index = _index + 1;
        END WHILE;
        END
        $$
        DROP PROCEDURE IF EXISTS holdfast_bury
        $$
        CREATE PROCEDURE holdfast_bury(_name VARBINARY(1024), _place BIGINT, _now BIGINT, OUT _buried INT)
            MODIFIES SQL DATA SQL SECURITY INVOKER
        BEGIN
        DECLARE _until BIGINT;
        SELECT MAX(expires_at) INTO _until FROM holdfast_claims WHERE place = _place FOR UPDATE;
        SET _buried = COALESCE(_until, 0) <= _now;
        IF _buried THEN
            UPDATE holdfast_claims SET expires_at = 0 WHERE place = _place;
            DELETE FROM holdfast_parts WHERE name = _name AND place = _place;
            IF NOT EXISTS (SELECT 1 FROM holdfast_parts WHERE place = _place) THEN
                DELETE FROM holdfast_claims WHERE place = _place;
            END IF;
        END IF;
        END
        $$
        DROP PROCEDURE IF EXISTS holdfast_advance
        $$
        CREATE PROCEDURE holdfast_advance(_name VARBINARY(1024), _now BIGINT, INOUT _granted MEDIUMTEXT)
            MODIFIES SQL DATA SQL SECURITY INVOKER
        BEGIN
        DECLARE _place, _head, _until, _client, _number, _fence BIGINT;
        DECLARE _kind, _permits, _limit, _head_kind, _head_clear, _blocked, _buried INT;
        queue: LOOP
            SET _place = NULL;
            SELECT place, kind, permits, permit_limit INTO _place, _kind, _permits, _limit FROM holdfast_parts
                WHERE name = _name AND clear = 0 ORDER BY place LIMIT 1;
            IF _place IS NULL THEN LEAVE queue; END IF;
            SELECT place, kind, clear INTO _head, _head_kind, _head_clear FROM holdfast_parts
                WHERE name = _name ORDER BY place LIMIT 1;
            IF _head_clear AND (_kind = 0 OR (_kind = 1 AND _head_kind <> 1) OR (_kind = 2 AND _permits + (
                SELECT SUM(permits) FROM holdfast_parts WHERE name = _name AND place < _place) > _limit))
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
        END
        $$
        DROP PROCEDURE IF EXISTS holdfast_expire
        $$
        CREATE PROCEDURE holdfast_expire(_name VARBINARY(1024), _now BIGINT, INOUT _granted MEDIUMTEXT)
            MODIFIES SQL DATA SQL SECURITY INVOKER
        BEGIN
        DECLARE _place BIGINT; DECLARE _buried INT;
        dead: LOOP
            SET _place = NULL;
            SELECT p.place INTO _place FROM holdfast_parts p LEFT JOIN holdfast_claims c ON c.place = p.place
                WHERE p.name = _name AND COALESCE(c.expires_at, 0) <= _now ORDER BY p.place LIMIT 1;
            IF _place IS NULL THEN LEAVE dead; END IF;
            CALL holdfast_bury(_name, _place, _now, _buried);
            IF NOT _buried THEN LEAVE dead; END IF;
        END LOOP;
        CALL holdfast_advance(_name, _now, _granted);
        END
        $$
        DROP PROCEDURE IF EXISTS holdfast_admits
        $$
        CREATE PROCEDURE holdfast_admits(_name VARBINARY(1024), _kind INT, _permits INT, _limit INT, OUT _clear
            INT) MODIFIES SQL DATA SQL SECURITY INVOKER
        BEGIN
        DECLARE _last BIGINT; DECLARE _last_kind, _last_limit, _last_clear INT;
        SELECT place, kind, permit_limit, clear INTO _last, _last_kind, _last_limit, _last_clear FROM holdfast_parts
            WHERE name = _name ORDER BY place DESC LIMIT 1;
        SET _clear = CASE
            WHEN _last IS NULL THEN 1
            WHEN _last_limit <> _limit THEN NULL
            WHEN NOT _last_clear OR _kind = 0 THEN 0
            WHEN _kind = 1 THEN _last_kind = 1
            ELSE (SELECT SUM(permits) FROM holdfast_parts WHERE name = _name) + _permits <= _limit END;
        END
        $$
        DROP PROCEDURE IF EXISTS holdfast_place
        $$
        CREATE PROCEDURE holdfast_place(_client BIGINT, _number BIGINT, _names MEDIUMTEXT, _modes MEDIUMTEXT,
            _count INT, _life BIGINT,
        _if_free INT, _seconds INT, _host VARBINARY(1024), _pid INT, _program VARBINARY(1024), _label
            VARBINARY(1024)) MODIFIES SQL DATA SQL SECURITY INVOKER
        BEGIN
        DECLARE _now, _until, _known, _fence, _place BIGINT;
        DECLARE _outcome, _clear, _blocked INT DEFAULT 0;
        DECLARE _index INT DEFAULT 1;
        DECLARE _clears, _granted MEDIUMTEXT DEFAULT '';
        DECLARE _name VARBINARY(1024);
        DECLARE _mode VARCHAR(64);
        DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; DO RELEASE_ALL_LOCKS(); RESIGNAL; END;
        SET _name = UNHEX(SUBSTRING_INDEX(_names, ',', 1));
        IF _count > 1 OR NOT COALESCE(GET_LOCK(CONCAT('hf:', SHA2(CONCAT(DATABASE(), '/', _name), 224)),
            _seconds), 0) THEN
            CALL holdfast_lock(_names, _count, _seconds);
        END IF;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        START TRANSACTION;
        SET _now = CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED);
        work: BEGIN
            SELECT place, expires_at, IF(token = 0, place, token) INTO _known, _until, _fence FROM holdfast_claims
                WHERE client = _client AND number = _number FOR UPDATE;
            IF _known IS NOT NULL AND _until > _now THEN
                UPDATE holdfast_claims SET expires_at = GREATEST(expires_at, _now + _life) WHERE place = _known;
                SET _outcome = IF(_fence IS NULL, 1, 2);
                LEAVE work;
            END IF;
            SET _fence = NULL;
            WHILE _index <= _count DO
                SET _name = UNHEX(SUBSTRING_INDEX(SUBSTRING_INDEX(_names, ',', _index), ',', -1)), _mode =
                    SUBSTRING_INDEX(SUBSTRING_INDEX(_modes, ',', _index), ',', -1), _clear = 1;
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
                client, number, token, blocked, placed_at, expires_at, host, pid, program, label)
                VALUES (_client, _number, IF(_outcome = 2, 0, NULL), _blocked, _now, _now + _life, _host, _pid,
                    _program, _label);
            SET _place = LAST_INSERT_ID(), _fence = IF(_outcome = 2, LAST_INSERT_ID(), NULL), _index = 1;
            WHILE _index <= _count DO
                SET _mode = SUBSTRING_INDEX(SUBSTRING_INDEX(_modes, ',', _index), ',', -1);
                INSERT INTO holdfast_parts VALUES (
                    UNHEX(SUBSTRING_INDEX(SUBSTRING_INDEX(_names, ',', _index), ',', -1)), _place,
                        SUBSTRING_INDEX(_mode, ':', 1),
                    SUBSTRING_INDEX(SUBSTRING_INDEX(_mode, ':', 2), ':', -1), SUBSTRING_INDEX(_mode, ':', -1),
                    SUBSTRING_INDEX(SUBSTRING_INDEX(_clears, ',', _index), ',', -1));
                SET _index = _index + 1;
            END WHILE;
        END;
        COMMIT;
        DO RELEASE_ALL_LOCKS();
        SELECT _outcome, _fence, _granted;
        END
        $$
        DROP PROCEDURE IF EXISTS holdfast_remove
        $$
        CREATE PROCEDURE holdfast_remove(_client BIGINT, _number BIGINT, _seconds INT) MODIFIES SQL DATA SQL
            SECURITY INVOKER
        BEGIN
        DECLARE _now, _place, _until BIGINT;
        DECLARE _found, _count INT DEFAULT 0;
        DECLARE _index INT DEFAULT 1;
        DECLARE _names, _granted MEDIUMTEXT DEFAULT '';
        DECLARE _name VARBINARY(1024);
        DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; DO RELEASE_ALL_LOCKS(); RESIGNAL; END;
        IF @@group_concat_max_len < 1048576 THEN SET SESSION group_concat_max_len = 1048576; END IF;
        SELECT COUNT(*), COALESCE(GROUP_CONCAT(HEX(p.name) ORDER BY p.name), ''), MAX(p.name)
            INTO _count, _names, _name
            FROM holdfast_claims c JOIN holdfast_parts p ON p.place = c.place
            WHERE c.client = _client AND c.number = _number;
        IF _count > 1 OR (_count = 1 AND NOT COALESCE(GET_LOCK(CONCAT('hf:', SHA2(CONCAT(DATABASE(), '/',
            _name), 224)), _seconds), 0)) THEN
            CALL holdfast_lock(_names, _count, _seconds);
        END IF;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        START TRANSACTION;
        SET _now = CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED);
        SELECT place, expires_at INTO _place, _until FROM holdfast_claims
            WHERE client = _client AND number = _number FOR UPDATE;
        IF _place IS NOT NULL THEN
            SET _found = _until > _now;
            DELETE FROM holdfast_claims WHERE place = _place;
            DELETE FROM holdfast_parts WHERE place = _place;
            WHILE _index <= _count DO
                SET _name = UNHEX(SUBSTRING_INDEX(SUBSTRING_INDEX(_names, ',', _index), ',', -1));
                IF EXISTS (SELECT 1 FROM holdfast_parts WHERE name = _name) THEN
                    CALL holdfast_advance(_name, _now, _granted);
                END IF;
                SET _index = _index + 1;
            END WHILE;
        END IF;
        COMMIT;
        DO RELEASE_ALL_LOCKS();
        SELECT _found, _granted;
        END
        $$
        DROP PROCEDURE IF EXISTS holdfast_sweep
        $$
        CREATE PROCEDURE holdfast_sweep(_names MEDIUMTEXT, _seconds INT) MODIFIES SQL DATA SQL SECURITY INVOKER
        BEGIN
        DECLARE _now BIGINT; DECLARE _granted MEDIUMTEXT DEFAULT '';
        DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; DO RELEASE_ALL_LOCKS(); RESIGNAL; END;
        CALL holdfast_lock(_names, 1, _seconds);
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        START TRANSACTION;
        SET _now = CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED);
        CALL holdfast_expire(UNHEX(_names), _now, _granted);
        COMMIT;
        DO RELEASE_ALL_LOCKS();
        SELECT _granted;
        END
        $$
        REPLACE INTO holdfast_layout VALUES (1, 1)
        $$
        """#
}
#endif
