#if MySQL
import Holdfast
import HoldfastTesting
import ServerKit
import Testing

@testable import HoldfastMySQL

/// Locks on paths: what they cost, and lives that end.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TablePathTests {
    private let claims = Claims()

    private func claim(_ path: LockPath, _ access: LockPath.Access = .exclusive) throws -> Claim {
        try claims.next(path.parts(for: access))
    }

    @Test func `a path of depth four costs the round trips of a plain key`() async throws {
        var corner = try await Corner(nil, .table)
        let proxy = try await FaultProxy(to: corner.server.port)
        corner.configuration.endpoints = [.init(host: "127.0.0.1", port: proxy.port)]
        var bounds = MySQLBounds()
        bounds.sweepInterval = .seconds(300)
        try await LockClient.withClient(backend: corner.table(bounds)) { locks in
            // Sessions are opened by the first.
            var costs: [Int] = []
            for _ in 0..<3 {
                let before = proxy.exchanges
                try await locks.withLock("k") { _ in }
                let between = proxy.exchanges
                try await locks.withLock(path: "a" / "b" / "c" / "d") { _ in }
                costs = [between - before, proxy.exchanges - between]
            }
            #expect(costs == [2, 2])
        }
    }

    @Test func `lives that are over are in nobody's way`() async throws {
        let corner = try await Corner(MySQLServer(), .table)
        try await running([corner.table()]) { backends in
            let (writer, reader) = try (claim("a" / "b"), claim("a", .shared))
            let (beside, late) = try (claim("a" / "c"), claim("a" / "d"))
            try await backends[0].hold(writer)
            try await backends[0].wait(reader)
            #expect(try await backends[0].place(beside, .ifFree) == .refused)
            // Who waits is over: who could hold beside the writer does.
            try await end(reader, corner)
            #expect(try await backends[0].place(beside, .ifFree).token != nil)
            let again = try claim("a", .shared)
            try await backends[0].wait(again)
            try await end(writer, corner)
            #expect(try await backends[0].place(late, .ifFree) == .refused)
            try await end(beside, corner)
            _ = try await backends[0].grant(of: again.id)
            _ = try await backends[0].remove(again.id)
            #expect(try await backends[0].place(late, .ifFree).token != nil)
        }
    }

    private func end(_ claim: Claim, _ corner: Corner) async throws {
        let ended = try await corner.ask(
            "UPDATE holdfast_claims SET expires_at = \(TableLayout.now) - 1 WHERE \(TableBackend.match(claim.id))")
        guard case .done(1, _)? = ended.results.first else { throw TestFailure("\(ended)") }
    }
}
#endif
