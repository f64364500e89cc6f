#if Postgres
import Holdfast
import ServerKit
import Testing

@testable import HoldfastPostgres

@Suite(.timeLimit(.minutes(1))) struct PostgresFindingsTests {
    @Test(arguments: [PostgresConfiguration.Locks.named, .table])
    func `what endangers locks is told`(_ locks: PostgresConfiguration.Locks) async throws {
        for (settings, expected) in [("", Finding.Weight.fine), ("fsync = off", .danger)] {
            var corner = try await Corner(PostgresServer(config: settings))
            corner.configuration.locks = locks
            let findings = try await PostgresBackend.examined(corner.configuration)
            #expect(findings.first { $0.subject == "durability" }?.weight == expected)
            #expect(findings.count == 4)
        }
    }

    @Test func `an old server, a standby and a plain network are noticed`() {
        var configuration = PostgresConfiguration(host: "db.example", database: "app")
        #expect(PostgresFindings.encryption(configuration).weight == .notice)
        configuration.tls = .init()
        #expect(PostgresFindings.encryption(configuration).weight == .fine)
        #expect(PostgresFindings.version(130_000, "13", .named).weight == .notice)
        #expect(PostgresFindings.version(130_000, "13", .table).weight == .fine)
        #expect(PostgresFindings.standbys(2, synchronous: 0).weight == .notice)
        #expect(PostgresFindings.standbys(2, synchronous: 1).weight == .fine)
    }
}

extension PostgresBackend {
    fileprivate static func examined(_ configuration: PostgresConfiguration) async throws -> [Finding] {
        let backend = try PostgresBackend(configuration)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await backend.run() }
            defer { group.cancelAll() }
            return try await backend.examine()
        }
    }
}
#endif
