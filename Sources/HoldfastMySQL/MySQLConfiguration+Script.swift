#if MySQL
public import Holdfast

extension MySQLConfiguration {
    /// The SQL that makes what this store needs, for an administrator where the user that takes locks may not, with the
    /// grants: for the `mysql` or `mariadb` program. Where all of it is there nothing changes.
    ///
    /// - Parameter user: who takes locks, as `name` or `name@host`; from any host where none is named.
    /// - Throws: ``LockError/Code/invalidArgument`` for another user, or a database that cannot be.
    public func script(for user: String) throws(LockError) -> String {
        try validate()
        let words = user.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard words.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 255 && $0.utf8.allSatisfy(Self.isPlain) }) else {
            throw LockError(
                .invalidArgument,
                "a user is name or name@host, of letters, digits and _ - . : % alone; not \(user.debugDescription)")
        }
        let account = "'\(words[0])'@'\(words.count > 1 ? words[1] : "%")'"
        return switch locks {
        case .named: script(TokenTable.statements, "SELECT, INSERT, UPDATE", TokenTable.names, account)
        case .table:
            script(
                TableLayout.statements, "SELECT, INSERT, UPDATE, DELETE", TableLayout.names, account,
                procedures: TableLayout.procedures.map(\.name))
        }
    }

    private func script(
        _ statements: [String], _ rights: String, _ tables: [String], _ account: String, procedures: [String] = []
    ) -> String {
        let grants =
            tables.map { "GRANT \(rights) ON `\(database)`.\($0) TO \(account)" }
            + procedures.map { "GRANT EXECUTE ON PROCEDURE `\(database)`.\($0) TO \(account)" }
            + ["GRANT \(MySQLRecords.rights) ON `\(database)`.\(MySQLRecords.name) TO \(account)"]
        let lines = ["USE `\(database)`"] + statements + [MySQLRecords.table] + grants
        // A procedure has semicolons of its own.
        return "DELIMITER $$\n" + lines.map { $0 + " $$\n" }.joined() + "DELIMITER ;\n"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "_-.:%".utf8.contains(byte)
        }
    }
}
#endif
