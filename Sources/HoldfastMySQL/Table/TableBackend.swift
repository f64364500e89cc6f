#if MySQL
import Holdfast
import HoldfastSQL
import Logging

/// Claims as rows of tables, which live by the server's clock.
final class TableBackend: LockBackend {
    let configuration: MySQLConfiguration
    let bounds: MySQLBounds
    let pool: MySQLPool
    private let recordTable: MySQLRecords
    let desk = GrantDesk()
    let time = Timekeeper(ContinuousClock())

    init(
        _ configuration: MySQLConfiguration, logger: Logger?, bounds: MySQLBounds = MySQLBounds()
    ) throws(LockError) {
        try configuration.validate()
        self.configuration = configuration
        self.bounds = bounds
        let limit = configuration.requestTimeout
        pool = try MySQLPool(configuration, bounds: bounds, logger: logger) { session throws(LockError) in
            try await TableLayout.prepare(session, within: limit)
        }
        recordTable = MySQLRecords(pool, configuration, bounds)
    }

    /// One primary keeps the table; whether a replica takes over is not known here.
    var capabilities: BackendCapabilities {
        BackendCapabilities(
            name: "mysql", guarantee: configuration.endpoints.count > 1 ? .bestEffort : .singleAuthority,
            expiry: .timeToLive, supportsNotes: true, supportsRecords: true, supportsPaths: true)
    }

    var records: (any RecordStore)? { recordTable }

    var executor: (any TaskExecutor)? { pool.loop }

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: pool.loop) { await self.pool.run() }
            group.addTask(executorPreference: pool.loop) { await self.lookAfterWaiters() }
            group.addTask(executorPreference: pool.loop) { await self.sweep() }
            group.addTask(executorPreference: pool.loop) { await self.recordTable.sweep() }
        }
    }

    /// For how long a call waits for others' steps on its keys.
    var patience: Int64 { max(1, configuration.requestTimeout.nanoseconds / 2_000_000_000) }

    /// Runs a request, and tries again what the server broke off for another's sake.
    ///
    /// - Returns: the rows of its last result that has any.
    func call(_ text: String) async throws(LockError) -> [[String?]] {
        let answer = try await answer(text)
        guard let rows = answer.results.reversed().lazy.compactMap(\.rows).first else { throw Self.unexpected }
        return rows
    }

    func answer(_ text: String) async throws(LockError) -> MySQLAnswer {
        var attempts = 0
        while true {
            attempts += 1
            let answer = try await pool.run(text)
            guard let fault = answer.fault else { return answer }
            guard attempts < bounds.attemptsLimit else { throw fault.lockError(configuration.description) }
            if fault.isTransient || fault.isMissing {
                let pause = bounds.retryPause * attempts * Double.random(in: 0.5...1)
                do { try await time.sleep(until: time.now + pause) } catch { continue }
            } else {
                throw fault.lockError(configuration.description)
            }
        }
    }

    /// Claims of ours that a procedure has granted on its way.
    func tell(_ granted: String?) {
        for entry in (granted ?? "").split(separator: ",") {
            let numbers = entry.split(separator: ":").compactMap { Int64($0) }
            guard numbers.count == 3, let token = FencingToken(rawValue: numbers[2]) else { continue }
            desk.tell(Claim.ID(row: numbers[0], numbers[1]), .success(Grant(token: token)))
        }
    }

    static let unexpected = LockError(.storeUnusable, "MySQL answered with something else than was asked for")
}

extension Claim.ID {
    /// As columns: the same bits with a sign.
    var row: (client: Int64, number: Int64) { (Int64(bitPattern: client), Int64(bitPattern: sequence)) }

    init(row client: Int64, _ number: Int64) {
        self.init(client: UInt64(bitPattern: client), sequence: UInt64(bitPattern: number))
    }
}
#endif
