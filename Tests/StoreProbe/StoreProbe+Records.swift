import Glibc
import Holdfast

extension StoreProbe {
    /// Writes records until it is killed: one that counts on, and one that is written anew and deleted again and again.
    ///
    /// What was acknowledged is entered in a journal, one line each: `NAME VALUE VERSION`.
    static func records(_ backend: any LockBackend, _ key: String, _ journal: String) async throws {
        guard let records = backend.records else { throw Witness.Contradiction(description: "no records here") }
        let counter = try LockKey(key + "/counter")
        let churn = try LockKey(key + "/churn")
        let file = open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(file) }
        say("writes")
        while true {
            let count = try await increment(counter, records)
            enter("counter \(count.value) \(count.version)", in: file)
            let old = try await records.read(churn)
            let write = try await records.write([1], to: churn, expecting: old?.version, timeToLive: .seconds(3600))
            guard case .written(let version) = write else { continue }
            enter("churn 1 \(version)", in: file)
            _ = try await records.delete(churn, expecting: version)
        }
    }

    private static func increment(
        _ key: LockKey, _ records: any RecordStore
    ) async throws -> (value: Int, version: Record.Version) {
        while true {
            let record = try await records.read(key)
            let value = (record.flatMap { Int(String(decoding: $0.value, as: UTF8.self)) } ?? 0) + 1
            let bytes = Array("\(value)".utf8)
            let write = try await records.write(bytes, to: key, expecting: record?.version, timeToLive: nil)
            if case .written(let version) = write { return (value, version) }
        }
    }

    /// One write, which a kill does not tear.
    private static func enter(_ line: String, in file: Int32) {
        let text = line + "\n"
        write(file, text, text.utf8.count)
    }
}
