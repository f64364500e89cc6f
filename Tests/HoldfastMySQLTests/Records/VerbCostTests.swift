#if MySQL
import Holdfast
import ServerKit
import Testing

@testable import HoldfastMySQL

/// What records and notes cost.
@Suite(.serialized, .timeLimit(.minutes(1))) struct VerbCostTests {
    /// A backend behind a proxy that sees nothing but what is asked of it.
    private func behind<R: Sendable>(
        _ locks: MySQLConfiguration.Locks, _ body: @escaping @Sendable (MySQLBackend, FaultProxy) async throws -> R
    ) async throws -> R {
        var corner = try await Corner(nil, locks)
        let proxy = try await FaultProxy(to: corner.server.port)
        corner.configuration.endpoints = [.init(host: "127.0.0.1", port: proxy.port)]
        var bounds = MySQLBounds()
        bounds.sweepInterval = .seconds(300)
        let backend = try MySQLBackend(corner.configuration, logger: nil, bounds: bounds)
        return try await running([backend]) { try await body($0[0], proxy) }
    }

    @Test(arguments: [MySQLConfiguration.Locks.named, .table])
    func `each verb of records is one round trip`(_ locks: MySQLConfiguration.Locks) async throws {
        let costs = try await behind(locks) { try await VerbCosts.records(#require($0.records), $1) }
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
