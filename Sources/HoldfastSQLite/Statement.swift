#if SQLite
import CSQLite
import Holdfast

/// A prepared statement. Bound values are copied; reset it after use.
final class Statement {
    private let handle: OpaquePointer
    private unowned let database: Database

    /// Tells SQLite to copy what is bound: its macro for that does not import.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ handle: OpaquePointer, of database: Database) {
        self.handle = handle
        self.database = database
    }

    deinit { sqlite3_finalize(handle) }

    /// - Returns: whether there is a row.
    func step() throws(LockError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            sqlite3_reset(handle)
            throw database.failure(code)
        }
    }

    /// Runs a statement whose rows do not matter.
    func run() throws(LockError) {
        defer { reset() }
        while try step() {}
    }

    func reset() { sqlite3_reset(handle) }

    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }
    func bind(_ index: Int32, _ value: Int) { sqlite3_bind_int64(handle, index, Int64(value)) }
    func bindNull(_ index: Int32) { sqlite3_bind_null(handle, index) }

    func bind(_ index: Int32, text: String) {
        sqlite3_bind_text(handle, index, text, Int32(text.utf8.count), Self.transient)
    }

    /// An empty note takes no room.
    func bind(_ index: Int32, note: ClaimNote) {
        if note == .empty { bindNull(index) } else { bind(index, text: note.encoded) }
    }

    func bind(_ index: Int32, bytes: [UInt8]) {
        // An empty blob needs a pointer that is not null: a null one binds NULL.
        bytes.withUnsafeBytes { buffer in
            if let base = buffer.baseAddress, !buffer.isEmpty {
                _ = sqlite3_bind_blob(handle, index, base, Int32(buffer.count), Self.transient)
            } else {
                _ = sqlite3_bind_zeroblob(handle, index, 0)
            }
        }
    }

    func bind(_ index: Int32, key: LockKey) {
        var text = key.text
        text.withUTF8 { buffer in
            _ = sqlite3_bind_blob(handle, index, buffer.baseAddress, Int32(buffer.count), Self.transient)
        }
    }

    func bind(_ first: Int32, id: Claim.ID) {
        bind(first, Int64(bitPattern: id.client))
        bind(first + 1, Int64(bitPattern: id.sequence))
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func id(_ first: Int32) -> Claim.ID {
        Claim.ID(client: UInt64(bitPattern: integer(first)), sequence: UInt64(bitPattern: integer(first + 1)))
    }

    func token(_ column: Int32) -> FencingToken? { FencingToken(rawValue: integer(column)) }

    func bytes(_ column: Int32) -> [UInt8] {
        let count = Int(sqlite3_column_bytes(handle, column))
        guard count > 0, let base = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: base, count: count))
    }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }
}
#endif
