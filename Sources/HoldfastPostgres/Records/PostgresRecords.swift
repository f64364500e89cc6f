#if Postgres
import Holdfast

/// Versioned records as rows of a table, for both ways to lock. Each verb is one call.
struct PostgresRecords: RecordStore {
    let functions: SchemaFunctions
    /// Stands before every key.
    let prefix: String

    func read(_ key: LockKey) async throws(LockError) -> Record? {
        let rows = try await functions.call("read_record", [name(key)])
        guard let row = rows.first, row.count == 2 else { throw TableBackend.unexpected }
        guard let version = row[0] else { return nil }
        guard let value = row[1].flatMap({ ArrayText.bytes($0) }) else { throw TableBackend.unexpected }
        return Record(value: value, version: Record.Version(version))
    }

    func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite {
        var number: Int64?
        if let expected {
            // What never was a version stands nowhere.
            guard let known = Self.number(expected) else { return .conflict }
            number = known
        }
        let life = timeToLive.map { TableBackend.microseconds($0) }
        let rows = try await functions.call(
            "write_record",
            [name(key), "\\x" + ArrayText.hexadecimal(value), number.map { "\($0)" }, life.map { "\($0)" }])
        guard let row = rows.first, row.count == 1 else { throw TableBackend.unexpected }
        return row[0].map { .written(Record.Version($0)) } ?? .conflict
    }

    func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
        guard let known = Self.number(expected) else { return false }
        let rows = try await functions.call("delete_record", [name(key), "\(known)"])
        guard let deleted = rows.first?.first ?? nil else { throw TableBackend.unexpected }
        return deleted == "t"
    }

    private func name(_ key: LockKey) -> String { "\\x" + ArrayText.hexadecimal((prefix + key.text).utf8) }

    /// - Returns: `nil` for anything but a number as the server writes it.
    private static func number(_ version: Record.Version) -> Int64? {
        guard let number = Int64(version.description), "\(number)" == version.description else { return nil }
        return number
    }
}
#endif
