#if SQLite
import Holdfast
import HoldfastSQL

/// The versioned records of a store's file, inside one transaction at a time.
///
/// Versions are drawn from one counter of the file, in the transaction that writes them, and that is flushed before
/// anybody sees it: none comes again. Lives end by the wall clock, since a boot must not end them.
final class RecordRows {
    /// Each change deletes up to so many records whose life is over: more than it adds.
    static let sweptPerChange = 2

    private struct Statements {
        let read, readVersion, write, delete, sweep, readCounters, writeCounters: Statement
    }

    private let database: Database
    private let prefix: String
    private let wallClock: @Sendable () -> Int64
    /// Prepared when first used: most commands never use a record.
    private var prepared: Statements?

    private struct Counters {
        var version: Int64
        var count: Int64
    }
    /// As the transaction has found and changed them.
    private var counters: Counters?
    private var isChanged = false

    init(_ database: Database, prefix: String, wallClock: @escaping @Sendable () -> Int64) {
        self.database = database
        self.prefix = prefix
        self.wallClock = wallClock
    }

    func begin() {
        counters = nil
        isChanged = false
    }

    func end() throws(LockError) {
        guard isChanged, let counters else { return }
        let write = try statements().writeCounters
        write.bind(1, counters.version)
        write.bind(2, counters.count)
        try write.run()
    }

    /// One statement: needs no transaction around it.
    func read(_ key: LockKey) throws(LockError) -> Record? {
        let read = try statements().read
        read.bind(1, key: name(key))
        read.bind(2, wallClock())
        defer { read.reset() }
        guard try read.step() else { return nil }
        return Record(value: read.bytes(1), version: Record.Version(String(read.integer(0))))
    }

    /// - Throws: ``LockError/Code/invalidKey``, ``LockError/Code/invalidArgument`` and ``LockError/Code/limitExceeded``,
    ///   before anything is written.
    func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) throws(LockError) -> RecordWrite {
        try key.validate()
        guard value.count <= Record.valueBytesLimit else {
            throw LockError(
                .invalidArgument, "a record has at most \(Record.valueBytesLimit) bytes; this one has \(value.count)",
                key: key)
        }
        let name = name(key)
        let now = wallClock()
        let found = try state(of: name, now: now)
        guard found.version == expected else { return .conflict }
        if !found.hasRow { try makeRoom(for: key, now: now) }
        let version = try drawVersion()
        let write = try statements().write
        write.bind(1, key: name)
        write.bind(2, version)
        if let timeToLive { write.bind(3, Self.end(of: timeToLive, from: now)) } else { write.bindNull(3) }
        write.bind(4, bytes: value)
        try write.run()
        if !found.hasRow { try count(1) }
        try sweep(now: now)
        return .written(Record.Version(String(version)))
    }

    func delete(_ key: LockKey, expecting expected: Record.Version) throws(LockError) -> Bool {
        let name = name(key)
        let now = wallClock()
        guard try state(of: name, now: now).version == expected else { return false }
        let delete = try statements().delete
        delete.bind(1, key: name)
        try delete.run()
        try count(-1)
        try sweep(now: now)
        return true
    }

    private func name(_ key: LockKey) -> LockKey { prefix.isEmpty ? key : LockKey(unchecked: prefix + key.text) }

    /// A row whose life is over is as good as none, but for the room that it takes.
    private func state(of name: LockKey, now: Int64) throws(LockError) -> (version: Record.Version?, hasRow: Bool) {
        let read = try statements().readVersion
        read.bind(1, key: name)
        defer { read.reset() }
        guard try read.step() else { return (nil, false) }
        let isOver = !read.isNull(1) && read.integer(1) <= now
        return (isOver ? nil : Record.Version(String(read.integer(0))), true)
    }

    /// Rounded up, and clamped, whatever a caller asks for.
    private static func end(of timeToLive: Duration, from now: Int64) -> Int64 {
        let (sum, overflow) = now.addingReportingOverflow(timeToLive.nanoseconds / 1000 + 1)
        return overflow ? .max : sum
    }

    private func makeRoom(for key: LockKey, now: Int64) throws(LockError) {
        let limit = Int64(RecordTable.recordsLimit)
        if try current().count >= limit { try sweep(now: now) }
        let count = try current().count
        guard count < limit else {
            throw LockError(
                .limitExceeded,
                "\(database.path) has \(count) records, as many as may be: delete some, or give them a life", key: key)
        }
    }

    private func drawVersion() throws(LockError) -> Int64 {
        var counters = try current()
        guard counters.version >= 0, counters.version < .max else {
            throw LockError(.storeUnusable, "\(database.path): the counter of the records' versions is damaged")
        }
        counters.version += 1
        self.counters = counters
        isChanged = true
        return counters.version
    }

    private func count(_ change: Int64) throws(LockError) {
        var counters = try current()
        counters.count += change
        self.counters = counters
        isChanged = true
    }

    private func sweep(now: Int64) throws(LockError) {
        let sweep = try statements().sweep
        sweep.bind(1, now)
        sweep.bind(2, Self.sweptPerChange)
        defer { sweep.reset() }
        while try sweep.step() { try count(-1) }
    }

    private func current() throws(LockError) -> Counters {
        if let counters { return counters }
        let read = try statements().readCounters
        defer { read.reset() }
        guard try read.step() else { throw LockError(.storeUnusable, "the store is damaged: no meta row") }
        let counters = Counters(version: read.integer(0), count: read.integer(1))
        self.counters = counters
        return counters
    }

    private func statements() throws(LockError) -> Statements {
        if let prepared { return prepared }
        typealias S = RecordStatements
        let statements = Statements(
            read: try database.prepare(S.read), readVersion: try database.prepare(S.readVersion),
            write: try database.prepare(S.write), delete: try database.prepare(S.delete),
            sweep: try database.prepare(S.sweep), readCounters: try database.prepare(S.readCounters),
            writeCounters: try database.prepare(S.writeCounters))
        prepared = statements
        return statements
    }
}
#endif
