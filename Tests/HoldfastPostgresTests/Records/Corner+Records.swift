#if Postgres
import Holdfast
import ServerKit

@testable import HoldfastPostgres

extension Corner {
    func way(_ locks: PostgresConfiguration.Locks) -> PostgresConfiguration {
        var configuration = configuration
        configuration.locks = locks
        return configuration
    }

    /// The same corner of another server.
    func on(_ server: PostgresServer) async throws -> Corner {
        var other = try await Corner(server)
        other.configuration.prefix = configuration.prefix
        return other
    }

    /// Backends as users have them, running around `body`.
    func open<R: Sendable>(
        _ locks: PostgresConfiguration.Locks, _ count: Int = 1,
        _ body: @escaping @Sendable ([PostgresBackend]) async throws -> R
    ) async throws -> R {
        let configuration = way(locks)
        return try await TableBackend.running((0..<count).map { _ in try PostgresBackend(configuration) }, body)
    }

    /// Makes the schema for the role `app` as versions did that had neither notes nor records.
    func older(_ locks: PostgresConfiguration.Locks) async throws {
        try await server.psql(way(locks).script(for: "app"))
        try await server.psql(
            """
            DROP FUNCTION holdfast.read_record, holdfast.write_record, holdfast.delete_record, holdfast._record_epoch;
            DROP TABLE holdfast.records, holdfast.record_epoch;
            DROP SEQUENCE holdfast.versions;
            """)
        guard locks == .table else { return }
        try await server.psql(
            """
            DROP FUNCTION holdfast.place_on_paths, holdfast.place_noted, holdfast.annotate, holdfast.listing;
            ALTER TABLE holdfast.claims DROP COLUMN note;
            """)
    }
}

extension RecordStore {
    /// Writes a record where there is none.
    func make(_ key: LockKey) async throws -> Record.Version {
        let write = try await write(Array("value".utf8), to: key, expecting: nil, timeToLive: nil)
        guard case .written(let version) = write else { throw TestFailure("\(key): \(write)") }
        return version
    }

    func replace(_ key: LockKey, _ version: Record.Version) async throws -> Record.Version {
        let write = try await write(Array("another".utf8), to: key, expecting: version, timeToLive: nil)
        guard case .written(let version) = write else { throw TestFailure("\(key): \(write)") }
        return version
    }

    /// Asks until the server that was gone is back.
    func readWhenBack(_ key: LockKey) async throws -> Record? {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            do throws(LockError) {
                return try await read(key)
            } catch {
                guard error.code == .unavailable, ContinuousClock.now < end else { throw error }
            }
        }
    }
}
#endif
