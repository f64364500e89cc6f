#if MySQL
import CMariaDB
import Glibc
import HoldfastSQL

/// libmariadb's connection, closed with this value. Used on the loop's thread alone.
///
/// One request is under way at a time: some statements, and the answer to each.
struct MySQLHandle: ~Copyable {
    private enum Phase {
        case idle
        case asking
        case storing
        case turning
    }

    private let connection: MySQLConnection
    private var phase = Phase.idle
    /// The library reads the text again and again until it is sent.
    private var text: UnsafeMutablePointer<CChar>?
    private var answer = MySQLAnswer()

    init(_ connection: MySQLConnection) { self.connection = connection }

    deinit {
        // What waits for an answer is not to wait for its end.
        if phase != .idle { shutdown(socket, Int32(SHUT_RDWR)) }
        mysql_close(raw)
        free(text)
    }

    private var raw: UnsafeMutablePointer<MYSQL> { connection.raw }
    var socket: Int32 { mysql_get_socket(raw) }

    enum Step {
        case wait(SocketEvents)
        case done(MySQLAnswer)
        /// Nothing can be asked any more.
        case lost(MySQLFault)
    }

    /// Sends statements, with semicolons between them.
    mutating func ask(_ statements: String) -> Step {
        free(text)
        text = strdup(statements)
        answer = MySQLAnswer()
        phase = .asking
        var failure: Int32 = 0
        let wait = mysql_real_query_start(&failure, raw, text, UInt(statements.utf8.count))
        return go(wait, failure)
    }

    /// Goes on where the socket has what was waited for.
    mutating func go(_ events: SocketEvents) -> Step {
        let ready = Self.status(events)
        var failure: Int32 = 0
        switch phase {
        case .idle: return .done(MySQLAnswer())
        case .asking: return go(mysql_real_query_cont(&failure, raw, ready), failure)
        case .turning: return go(mysql_next_result_cont(&failure, raw, ready), failure)
        case .storing:
            var result: UnsafeMutablePointer<MYSQL_RES>?
            return stored(mysql_store_result_cont(&result, raw, ready), result)
        }
    }

    private mutating func go(_ wait: Int32, _ failure: Int32) -> Step {
        guard wait == 0 else { return .wait(Self.events(wait)) }
        // -1 of a turn: there is no other result.
        if phase == .turning, failure < 0 { return end() }
        guard failure == 0 else { return fail() }
        phase = .storing
        var result: UnsafeMutablePointer<MYSQL_RES>?
        return stored(mysql_store_result_start(&result, raw), result)
    }

    private mutating func stored(_ wait: Int32, _ result: UnsafeMutablePointer<MYSQL_RES>?) -> Step {
        guard wait == 0 else { return .wait(Self.events(wait)) }
        if let result {
            answer.results.append(.rows(Self.rows(result)))
            mysql_free_result(result)
        } else {
            guard mysql_field_count(raw) == 0 else { return fail() }
            answer.results.append(.done(changed: mysql_affected_rows(raw), insertID: mysql_insert_id(raw)))
        }
        guard mysql_more_results(raw) != 0 else { return end() }
        phase = .turning
        var failure: Int32 = 0
        return go(mysql_next_result_start(&failure, raw), failure)
    }

    private mutating func end() -> Step {
        phase = .idle
        free(text)
        text = nil
        defer { answer = MySQLAnswer() }
        return .done(answer)
    }

    private mutating func fail() -> Step {
        let fault = connection.fault
        guard !fault.isOfConnection else { return .lost(fault) }
        answer.fault = fault
        return end()
    }

    private static func rows(_ result: UnsafeMutablePointer<MYSQL_RES>) -> [[String?]] {
        var rows: [[String?]] = []
        let columns = Int(mysql_num_fields(result))
        while let row = mysql_fetch_row(result), let lengths = mysql_fetch_lengths(result) {
            rows.append(
                (0..<columns).map { column in
                    guard let bytes = row[column] else { return nil }
                    return String(
                        decoding: UnsafeRawBufferPointer(start: bytes, count: Int(lengths[column])), as: UTF8.self)
                })
        }
        return rows
    }

    private static func events(_ wait: Int32) -> SocketEvents {
        var events: SocketEvents = []
        // Its own time limits are not used: the session has some.
        if wait & MYSQL_WAIT_WRITE != 0 { events.insert(.writable) }
        if wait & MYSQL_WAIT_READ != 0 || events.isEmpty { events.insert(.readable) }
        return events
    }

    private static func status(_ events: SocketEvents) -> Int32 {
        var status: Int32 = 0
        if !events.isDisjoint(with: [.readable, .hungUp]) { status |= MYSQL_WAIT_READ }
        if !events.isDisjoint(with: [.writable, .hungUp]) { status |= MYSQL_WAIT_WRITE }
        return status
    }
}
#endif
