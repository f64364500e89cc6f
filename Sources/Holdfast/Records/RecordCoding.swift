// The one part of Foundation that the command has in memory anyway.
import FoundationEssentials

/// Bytes in a record: base 64 in JSON.
package struct RecordBytes: Codable, Hashable, Sendable {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package init(from decoder: any Decoder) throws {
        bytes = Array(try decoder.singleValueContainer().decode(Data.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Data(bytes))
    }
}

/// Values as they stand in records: JSON, so that other programs can read them.
enum RecordCoding {
    static func encode(_ value: some Encodable, for key: LockKey) throws(LockError) -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = Array(try JSONEncoder().encode(value))
        } catch {
            throw LockError(.invalidArgument, "the value of a record cannot be written as JSON", key: key, cause: error)
        }
        guard bytes.count <= Record.valueBytesLimit else {
            throw LockError(
                .invalidArgument, "a record has at most \(Record.valueBytesLimit) bytes; this one has \(bytes.count)",
                key: key)
        }
        return bytes
    }

    static func decode<Value: Decodable>(_ bytes: [UInt8], for key: LockKey) throws(LockError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch {
            throw LockError(
                .storeUnusable, "a record of this name is no \(Value.self); another program or version wrote it",
                key: key, cause: error)
        }
    }
}
