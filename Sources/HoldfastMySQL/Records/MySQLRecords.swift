#if MySQL
import Holdfast
import Synchronization

/// Versioned records as rows of one table, for both ways to lock.
///
/// Each verb is one statement, and a transaction of its own: it finds a row by its primary key, waits for whoever
/// changes it, and judges it as it is then, by the clock as it is then. A version is 128 random bits, drawn here: none
/// comes again, whatever a server has lost or a replica never saw, where a counter would begin anew.
final class MySQLRecords: RecordStore {
    static let name = "holdfast_records"

    /// What makes the table, for who may. Names are compared as bytes.
    static let table = """
        CREATE TABLE IF NOT EXISTS \(name) (
            name VARBINARY(1024) NOT NULL PRIMARY KEY, version BINARY(16) NOT NULL, expires_at BIGINT NOT NULL,
            value MEDIUMBLOB NOT NULL, KEY expiry (expires_at)) ENGINE=InnoDB
        """

    static let rights = "SELECT, INSERT, UPDATE, DELETE"

    private let pool: MySQLPool
    private let prefix: String
    private let target: String
    private let bounds: MySQLBounds
    private let time = Timekeeper(ContinuousClock())
    /// Who writes no records deletes none, and need not have the table.
    private let isUsed = Atomic(false)

    init(_ pool: MySQLPool, _ configuration: MySQLConfiguration, _ bounds: MySQLBounds) {
        self.pool = pool
        prefix = configuration.prefix
        target = configuration.description
        self.bounds = bounds
    }

    /// Locks the row for the moment: what divides reads from writes sends this one to the server that takes writes.
    func read(_ key: LockKey) async throws(LockError) -> Record? {
        let result = try await run(
            """
            SELECT HEX(value), LOWER(HEX(version)) FROM \(Self.name) \
            WHERE name = \(name(key)) AND expires_at > \(TableLayout.now) FOR UPDATE
            """)
        guard let rows = result.rows else { throw TableBackend.unexpected }
        guard let row = rows.first else { return nil }
        guard row.count == 2, let value = row[0].flatMap({ SQLText.bytes($0) }), let version = row[1] else {
            throw TableBackend.unexpected
        }
        return Record(value: value, version: Record.Version(version))
    }

    func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite {
        let version = Self.draw()
        let life = timeToLive.map { "\(TableLayout.now) + \(TableBackend.microseconds($0))" } ?? "\(Int64.max)"
        let statement: String
        if let expected {
            guard let expected = Self.literal(expected) else { return .conflict }
            statement = """
                UPDATE \(Self.name) SET version = x'\(version)', expires_at = \(life), \
                value = \(SQLText.hexadecimal(value)) \
                WHERE name = \(name(key)) AND version = \(expected) AND expires_at > \(TableLayout.now)
                """
        } else {
            // The clock is read once: whether the row is over is said by the version, which is set first.
            statement = """
                INSERT INTO \(Self.name) (name, version, expires_at, value) \
                VALUES (\(name(key)), x'\(version)', \(life), \(SQLText.hexadecimal(value))) \
                ON DUPLICATE KEY UPDATE version = IF(expires_at <= \(TableLayout.now), VALUES(version), version), \
                expires_at = IF(version = VALUES(version), VALUES(expires_at), expires_at), \
                value = IF(version = VALUES(version), VALUES(value), value)
                """
        }
        return try await changes(statement) ? .written(Record.Version(version)) : .conflict
    }

    func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
        guard let expected = Self.literal(expected) else { return false }
        return try await changes(
            """
            DELETE FROM \(Self.name) \
            WHERE name = \(name(key)) AND version = \(expected) AND expires_at > \(TableLayout.now)
            """)
    }

    private func name(_ key: LockKey) -> String { SQLText.hexadecimal((prefix + key.text).utf8) }

    private static func draw() -> String {
        SQLText.digits(
            (0..<2).flatMap { _ in
                let bits = UInt64.random(in: .min ... .max)
                return (0..<8).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
            })
    }

    /// - Returns: `nil` for what was never drawn, and so is no row's version.
    private static func literal(_ version: Record.Version) -> String? {
        let text = version.description
        guard text.utf8.count == 32, let bytes = SQLText.bytes(text), SQLText.digits(bytes) == text else { return nil }
        return "x'\(text)'"
    }
}

// MARK: - Asking

extension MySQLRecords {
    private func changes(_ statement: String) async throws(LockError) -> Bool {
        guard case .done(let changed, _) = try await run(statement) else { throw TableBackend.unexpected }
        return changed > 0
    }

    /// Runs a statement, and tries again where the server says that it has done nothing: for another's sake, or because
    /// the table is not there.
    private func run(_ statement: String) async throws(LockError) -> MySQLResult {
        isUsed.store(true, ordering: .relaxed)
        var attempts = 0
        var isMade = false
        while true {
            attempts += 1
            let answer = try await pool.run(statement)
            guard let fault = answer.fault else {
                guard let result = answer.results.first else { throw TableBackend.unexpected }
                return result
            }
            let error = fault.lockError(target)
            if fault.isMissing || error.code == .denied, !isMade {
                // A user with rights on single tables hears that it has none on what is not there.
                try await make()
                isMade = true
                continue
            }
            // What was broken off may have been done: to do it again could meet itself.
            guard fault.isTransient, !fault.isInterrupted else { throw error }
            guard attempts < bounds.attemptsLimit else {
                throw LockError(.unavailable, "\(error.message) (\(attempts) attempts)", cause: fault)
            }
            let pause = bounds.retryPause * attempts * Double.random(in: 0.5...1)
            // A cancelled sleep ends nothing: the attempts have a bound.
            try? await time.sleep(until: time.now + pause)
        }
    }

    private func make() async throws(LockError) {
        guard let fault = try await pool.run(Self.table).fault else { return }
        let error = fault.lockError(target)
        guard error.code == .denied else { throw error }
        throw LockError(
            .denied,
            "\(target): the user may not make the table of records: \(fault.message); let one who may run what "
                + "holdfast doctor --script USER prints for this store", cause: fault)
    }
}

// MARK: - What is over

extension MySQLRecords {
    /// Deletes what is over, a bounded part at a time, until the task is cancelled. Clients take turns.
    func sweep() async {
        while !Task.isCancelled {
            let pause = bounds.sweepInterval * Double.random(in: 0.5...1.5)
            do { try await time.sleep(until: time.now + pause) } catch { return }
            guard isUsed.load(ordering: .relaxed) else { continue }
            for _ in 0..<bounds.batchesPerSweep {
                // A server that cannot be reached is asked again next time.
                guard let count = try? await sweepOnce(), count == bounds.namesPerSweep else { break }
            }
        }
    }

    /// Found without a lock, then deleted by name, in the order in which writers lock: by the index of lives alone the
    /// two would meet head on.
    private func sweepOnce() async throws(LockError) -> Int {
        let found = try await pool.run(
            """
            SELECT HEX(name) FROM \(Self.name) WHERE expires_at <= \(TableLayout.now) LIMIT \(bounds.namesPerSweep)
            """)
        let names = found.results.first?.rows?.compactMap { $0.first ?? nil } ?? []
        guard !names.isEmpty else { return 0 }
        let list = names.map { "x'\($0)'" }.joined(separator: ",")
        _ = try await pool.run("DELETE FROM \(Self.name) WHERE name IN (\(list)) AND expires_at <= \(TableLayout.now)")
        return names.count
    }
}
#endif
