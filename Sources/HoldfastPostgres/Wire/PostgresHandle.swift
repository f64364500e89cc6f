#if Postgres
import CPQ
import Glibc

/// libpq's connection, closed with this value. Used on the loop's thread alone.
struct PostgresHandle: ~Copyable {
    private let connection: OpaquePointer

    /// Begins to connect, without waiting; `nil` where there is no memory.
    init?(_ parameters: [(String, String)]) {
        let names = parameters.map { strdup($0.0) } + [nil]
        let values = parameters.map { strdup($0.1) } + [nil]
        defer { for text in names + values { free(text) } }
        let started = names.map { UnsafePointer($0) }.withUnsafeBufferPointer { names in
            values.map { UnsafePointer($0) }.withUnsafeBufferPointer { values in
                PQconnectStartParams(names.baseAddress, values.baseAddress, 0)
            }
        }
        guard let started else { return nil }
        connection = started
        // It would print what the server remarks.
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        // Why it greets nobody a server says in its own language, but for the code.
        PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
    }

    deinit { PQfinish(connection) }

    var socket: Int32 { PQsocket(connection) }
    var isBad: Bool { PQstatus(connection) == CONNECTION_BAD }
    var backend: Int32 { PQbackendPID(connection) }
    var serverVersion: Int32 { PQserverVersion(connection) }
    var usedPassword: Bool { PQconnectionNeedsPassword(connection) != 0 }

    func parameter(_ name: String) -> String? {
        PQparameterStatus(connection, name).map { String(cString: $0) }
    }

    /// What went wrong, on one line.
    var message: String {
        String(cString: PQerrorMessage(connection)).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// One step of connecting.
    func pollConnect() -> PostgresPollingStatusType { PQconnectPoll(connection) }

    /// Connected: several statements may be under way from now on, and nothing blocks.
    func enterPipeline() -> Bool {
        PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        return PQsetnonblocking(connection, 1) == 0 && PQenterPipelineMode(connection) == 1
    }

    /// - Parameter name: under which the server has it; `nil` where it has to parse it.
    func send(_ statement: PostgresStatement, as name: String? = nil) -> Bool {
        let values = statement.parameters.map { $0.flatMap { strdup($0) } }
        defer { for value in values { free(value) } }
        let pointers = values.map { UnsafePointer<CChar>($0) }
        let count = Int32(pointers.count)
        guard let name else {
            return PQsendQueryParams(connection, statement.text, count, nil, pointers, nil, nil, 0) == 1
        }
        return PQsendQueryPrepared(connection, name, count, pointers, nil, nil, 0) == 1
    }

    /// Has the server parse a statement and keep it under a name. The answer is one of its own.
    func prepare(_ name: String, _ text: String) -> Bool { PQsendPrepare(connection, name, text, 0, nil) == 1 }

    func sync() -> Bool { PQpipelineSync(connection) == 1 }

    /// - Returns: whether there is more to write; `nil` where the connection has failed.
    func flush() -> Bool? {
        switch PQflush(connection) {
        case 0: false
        case 1: true
        default: nil
        }
    }

    /// - Returns: false where the connection has ended.
    func consume() -> Bool { PQconsumeInput(connection) == 1 }

    enum Next: Equatable {
        case nothingYet
        /// The end of a statement's results.
        case end
        case result(PostgresResult)
        /// The end of a batch: what it did is committed.
        case sync
    }

    func next() -> Next {
        guard PQisBusy(connection) == 0 else { return .nothingYet }
        guard let result = PQgetResult(connection) else { return .end }
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC: return .sync
        case PGRES_PIPELINE_ABORTED: return .result(.skipped)
        case PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            return .result(.rows(Self.rows(result)))
        default: return .result(.failed(Self.fault(result)))
        }
    }

    private static func rows(_ result: OpaquePointer) -> [[String?]] {
        (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                guard PQgetisnull(result, row, column) == 0 else { return nil }
                let bytes = UnsafeRawBufferPointer(
                    start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
                return String(decoding: bytes, as: UTF8.self)
            }
        }
    }

    private static func fault(_ result: OpaquePointer) -> PostgresFault {
        // PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY, which are character literals in C.
        func field(_ letter: Character) -> String? {
            guard let code = letter.asciiValue else { return nil }
            return PQresultErrorField(result, Int32(code)).map { String(cString: $0) }
        }
        return PostgresFault(
            state: field("C") ?? "", message: field("M") ?? String(cString: PQresultErrorMessage(result)))
    }

    /// A message of `NOTIFY` that has come: channel and payload.
    func notification() -> (channel: String, payload: String)? {
        guard let note = PQnotifies(connection) else { return nil }
        defer { PQfreemem(note) }
        return (String(cString: note.pointee.relname), String(cString: note.pointee.extra))
    }
}
#endif
