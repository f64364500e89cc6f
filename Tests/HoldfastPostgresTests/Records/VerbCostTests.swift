#if Postgres
import Holdfast
import ServerKit
import Testing

@testable import HoldfastPostgres

/// What records and notes cost.
@Suite(.serialized, .timeLimit(.minutes(1))) struct VerbCostTests {
    /// A backend behind a proxy that sees nothing but what is asked of it.
    private func behind<R: Sendable>(
        _ way: PostgresConfiguration.Locks, _ body: @escaping @Sendable (PostgresBackend, FaultProxy) async throws -> R
    ) async throws -> R {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        var configuration = corner.way(way)
        configuration.endpoints = [.init(host: "127.0.0.1", port: proxy.port)]
        configuration.listening = .never
        var bounds = PostgresBounds()
        bounds.sweepInterval = .seconds(300)
        let backend = try PostgresBackend(configuration, logger: nil, bounds: bounds)
        return try await TableBackend.running([backend]) { try await body($0[0], proxy) }
    }

    @Test(arguments: RecordTests.ways)
    func `each verb of records is one round trip`(_ way: PostgresConfiguration.Locks) async throws {
        let costs = try await behind(way) { try await VerbCosts.records(#require($0.records), $1) }
        #expect(costs.count == 16 && costs.values.allSatisfy { $0 == 1 }, "\(costs)")
    }

    @Test func `a note is replaced in one round trip`() async throws {
        let cost = try await behind(.table) { backend, proxy in
            let claim = try Claims().next("noted")
            try await backend.hold(claim)
            return try await VerbCosts.note(on: claim.id, backend, proxy)
        }
        #expect(cost == 1)
    }
}
#endif
