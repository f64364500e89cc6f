#if MySQL
import CMariaDB
import Glibc

/// A connection as the library has it: made on a thread of its own, then used on the loop's alone.
///
/// Unchecked: the thread that makes it hands it over once, and never touches it again.
struct MySQLConnection: @unchecked Sendable {
    let raw: UnsafeMutablePointer<MYSQL>

    /// The server's number of this session, as the server greeted; a proxy makes up one of its own.
    var number: UInt64 { UInt64(mysql_thread_id(raw)) }
    var version: String { mysql_get_server_info(raw).map { String(cString: $0) } ?? "" }

    /// What went wrong last.
    var fault: MySQLFault {
        MySQLFault(
            number: mysql_errno(raw),
            message: String(cString: mysql_error(raw)).split(whereSeparator: \.isNewline).joined(separator: "; "))
    }
}
#endif
