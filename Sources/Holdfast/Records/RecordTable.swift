/// Versioned records as a value: the reference semantics.
package struct RecordTable: Sendable {
    private struct Entry: Sendable {
        let record: Record
        let expiresAt: Duration?
    }

    /// The most records in one table.
    package static let recordsLimit = 10_000_000

    private var entries: [LockKey: Entry] = [:]
    private var expiries = Agenda<LockKey>()
    private var written: UInt64 = 0

    package init() {}

    package var count: Int { entries.count }

    package mutating func read(_ key: LockKey, now: Duration) -> Record? {
        expire(now: now)
        return entries[key]?.record
    }

    package mutating func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?, now: Duration
    ) throws(LockError) -> RecordWrite {
        expire(now: now)
        guard entries[key]?.record.version == expected else { return .conflict }
        guard expected != nil || entries.count < Self.recordsLimit else {
            throw LockError(.limitExceeded, "there are \(entries.count) records, as many as may be", key: key)
        }
        written += 1
        let version = Record.Version(String(written))
        let expiresAt = timeToLive.map { now + $0 }
        entries[key] = Entry(record: Record(value: value, version: version), expiresAt: expiresAt)
        if let expiresAt { expiries.add(key, at: expiresAt) }
        sweep()
        return .written(version)
    }

    package mutating func delete(_ key: LockKey, expecting expected: Record.Version, now: Duration) -> Bool {
        expire(now: now)
        guard entries[key]?.record.version == expected else { return false }
        entries[key] = nil
        sweep()
        return true
    }

    private mutating func sweep() {
        expiries.sweep(liveCount: entries.count) { entries[$0.item]?.expiresAt == $0.at }
    }

    private mutating func expire(now: Duration) {
        while let due = expiries.popDue(now: now) {
            if entries[due.item]?.expiresAt == due.at { entries[due.item] = nil }
        }
    }
}
