#if MySQL
/// The tables and procedures that keep claims as rows.
///
/// A part is one claim's place in the queue of one key; it is *clear* when no earlier claim blocks it there. A claim is
/// held when all its parts are clear. The steps on a key exclude one another by a named lock, taken before anything is
/// read, so that nothing of a key is left when nobody claims it. A place is the number of the claim's row, which InnoDB
/// never gives twice; it is the token, too, of a claim that is held at once, written 0. Who waited draws another.
enum TableLayout {
    static let version = 1

    static let tables = [
        """
        CREATE TABLE IF NOT EXISTS holdfast_layout (one INT PRIMARY KEY, version INT NOT NULL) ENGINE=InnoDB
        """,
        """
        CREATE TABLE IF NOT EXISTS holdfast_claims (
            place BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, client BIGINT NOT NULL, number BIGINT NOT NULL,
            token BIGINT, blocked INT NOT NULL, asked INT NOT NULL DEFAULT 0, placed_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL, host VARBINARY(1024) NOT NULL, pid INT NOT NULL,
            program VARBINARY(1024) NOT NULL, label VARBINARY(1024) NOT NULL,
            UNIQUE KEY id (client, number), KEY expiry (expires_at)) ENGINE=InnoDB
        """,
        """
        CREATE TABLE IF NOT EXISTS holdfast_parts (
            name VARBINARY(1024) NOT NULL, place BIGINT NOT NULL, kind INT NOT NULL, permits INT NOT NULL,
            permit_limit INT NOT NULL, clear INT NOT NULL,
            PRIMARY KEY (name, place), KEY place (place)) ENGINE=InnoDB
        """,
    ]

    static let names = ["holdfast_layout", "holdfast_claims", "holdfast_parts"]

    static let procedures = [draw, lockAll, bury, advance, expire, admits, place, placeBare, remove, sweep]

    /// What makes everything, for who may.
    static var statements: [String] {
        tables + procedures.filter { one in !madeAnew.contains { $0.name == one.name } }.flatMap(\.statements)
            + additions
            + ["REPLACE INTO holdfast_layout VALUES (1, \(version))"]
    }

    struct Procedure: Sendable {
        let name: String
        let text: String

        /// What makes it, or makes it anew.
        var statements: [String] { ["DROP PROCEDURE IF EXISTS \(name)", text] }

        init(_ name: String, _ parameters: String, declare: String = "", _ body: String) {
            self.name = "holdfast_" + name
            text = """
                CREATE PROCEDURE holdfast_\(name)(\(parameters)) MODIFIES SQL DATA SQL SECURITY INVOKER
                BEGIN
                \(declare)
                \(body)
                END
                """
        }

        /// One that is a transaction of its own, called by a client.
        init(transaction name: String, _ parameters: String, declare: String, locks: String, _ body: String) {
            self.init(
                name, parameters,
                declare: declare + """

                    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; DO RELEASE_ALL_LOCKS(); RESIGNAL; END;
                    """,
                """
                \(locks)
                SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
                START TRANSACTION;
                SET _now = \(TableLayout.now);
                \(body)
                """)
        }
    }

    /// The server's clock in microseconds, as it is when this is read.
    static let now = "CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)"

    /// The same as it was when the statement began: before it read anything.
    static let began = "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)"

    /// A claim's token; null while it waits.
    static func token(_ row: String = "") -> String { "IF(\(row)token = 0, \(row)place, \(row)token)" }

    /// The named lock of a key's steps.
    static func lock(_ name: String) -> String { "CONCAT('hf:', SHA2(CONCAT(DATABASE(), '/', \(name)), 224))" }

    /// A list's element of that number, from 1.
    static func element(_ list: String, _ index: String) -> String {
        "SUBSTRING_INDEX(SUBSTRING_INDEX(\(list), ',', \(index)), ',', -1)"
    }
}
#endif
