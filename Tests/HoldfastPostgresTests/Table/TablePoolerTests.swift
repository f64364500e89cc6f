#if Postgres
import Holdfast
import HoldfastTesting
import ServerKit
import Testing

@testable import HoldfastPostgres

/// Through a pooler that gives each transaction another session of the server.
@Suite(.serialized, .timeLimit(.minutes(3))) struct TablePoolerTests {
    private let claims = Claims()

    private func corner(_ mode: PgBouncer.Mode) async throws -> (Corner, PgBouncer) {
        var corner = try await Corner()
        let pooler = try await PgBouncer(mode, to: corner.server)
        corner.configuration.endpoints = [.init(host: "127.0.0.1", port: pooler.port)]
        return (corner, pooler)
    }

    @Test func `the table keeps the contract through a pooler`() async throws {
        let (corner, pooler) = try await corner(.transaction)
        for rule in Conformance.cases {
            do {
                try await rule.run(ConformanceHarness(effort: 20) { try corner.backend() })
            } catch {
                Issue.record("\(rule.name): \(error)")
            }
        }
        let left = try await corner.left()
        #expect(left == [] && pooler.port > 0)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `several clients do what the pure table does`(_ seed: UInt64) async throws {
        let (corner, pooler) = try await corner(.transaction)
        try await ModelTest.run(ConformanceHarness { try corner.backend() }, seed: seed, isShared: true)
        #expect(pooler.port > 0)
    }

    @Test func `a client behind a pooler does not listen, unless it is shown a way around`() async throws {
        var (corner, pooler) = try await corner(.transaction)
        try await corner.backends { backends in
            try await backends[0].hold(claims.next("k"))
            let isPooled = await backends[0].pool.isPooled
            #expect(isPooled && !backends[0].ear.isListening)
        }
        corner.configuration.listening = .at(.init(host: "127.0.0.1", port: corner.server.port))
        try await corner.backends { backends in
            try await eventually("it listens") { backends[0].ear.isListening }
        }
        #expect(pooler.port > 0)
    }
}
#endif
