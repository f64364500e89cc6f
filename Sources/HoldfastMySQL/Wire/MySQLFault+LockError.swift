#if MySQL
import Holdfast

extension MySQLFault {
    /// Whether the connection, and not a statement, has failed: the client library's own numbers.
    var isOfConnection: Bool { number == 0 || 2000..<3000 ~= number || number == 5014 }

    /// Whether the same request may go through when it is sent again: a deadlock, or a lock that was not to be had.
    var isTransient: Bool { [1205, 1213, 1317].contains(number) }

    /// Whether a table, a routine or a database is not there.
    var isMissing: Bool { [1049, 1146, 1305].contains(number) }

    /// Whether somebody broke the statement off: `KILL QUERY`, or the end of the server.
    var isInterrupted: Bool { [1317, 1053, 1927, 3024].contains(number) }

    /// What a caller hears.
    func lockError(_ target: String) -> LockError {
        let (code, remedy) = meaning
        return LockError(code, "\(target): \(message) [\(number)]\(remedy.isEmpty ? "" : "; \(remedy)")", cause: self)
    }

    private var meaning: (LockError.Code, String) {
        switch number {
        // Wrong user or password, no right to a database, a table, a command.
        case 1044, 1045, 1142, 1143, 1227, 1370, 1396, 1698, 2059, 2061, 3118:
            (.denied, "grant the user what docs/mysql.md lists")
        case 1040, 1203, 1226: (.unavailable, "raise max_connections, or lower connections=")
        case 1290, 1792, 1836: (.unavailable, "is it a replica? name the primary, or all servers with commas")
        case 1213, 3058: (.deadlock, "the server chose this wait to break a circle of waits")
        case 1021, 1114, 3675: (.unavailable, "make room on the server's disk")
        case 1153, 1301, 2020: (.storeUnusable, "raise max_allowed_packet to 1M")
        case 1049: (.storeUnusable, "make the database, or name another")
        case 1059, 3057, 4163: (.invalidKey, "the server takes shorter names of locks")
        // Broken off, shutting down, another waits too long, out of memory.
        case 1037, 1041, 1053, 1129, 1205, 1317, 1927, 3024, 4031: (.unavailable, "")
        default: isOfConnection ? (.unavailable, "") : (.storeUnusable, "")
        }
    }
}
#endif
