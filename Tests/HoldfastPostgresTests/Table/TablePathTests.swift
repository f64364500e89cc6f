#if Postgres
import Holdfast
import HoldfastTesting
import ServerKit
import Testing

@testable import HoldfastPostgres

/// Locks on paths: what they cost, lives that end, and schemas whose functions do not know them.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TablePathTests {
    private let claims = Claims()

    private func claim(_ path: LockPath, _ access: LockPath.Access = .exclusive) throws -> Claim {
        try claims.next(path.parts(for: access))
    }

    @Test func `a path of depth four costs the round trips of a plain key`() async throws {
        var corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        corner.configuration.endpoints = [.init(host: "127.0.0.1", port: proxy.port)]
        corner.configuration.connections = 1
        corner.configuration.listening = .never
        var bounds = PostgresBounds()
        bounds.sweepInterval = .seconds(300)
        try await LockClient.withClient(backend: corner.backend(bounds)) { locks in
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
        let corner = try await Corner(PostgresServer())
        try await corner.backends { backends in
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
        let row = claim.id.row
        let ended = try await corner.ask(
            """
            UPDATE holdfast.claims SET expires_at = clock_timestamp() - interval '1 ms'
            WHERE client = \(row.client) AND number = \(row.number) RETURNING 1
            """)
        #expect(ended == ["1"])
    }

    /// As the version before paths left it.
    private func earlier() async throws -> Corner {
        let corner = try await Corner(PostgresServer())
        _ = try await corner.ask("CREATE ROLE app LOGIN")
        try await corner.server.psql(corner.configuration.script(for: "app"))
        try await corner.server.psql("DROP FUNCTION holdfast.place_on_paths, holdfast.sweep")
        try await corner.server.psql(EarlierFunctions.script)
        return corner
    }

    @Test func `a schema of before paths gets what it lacks, where the role may`() async throws {
        let corner = try await earlier()
        var poor = corner
        poor.configuration.credentials = .init(user: "app")
        let (plain, first, second) = try (claims.next("k"), claim("a" / "b"), claim("a" / "b"))
        try await poor.backends { backends in
            try await backends[0].hold(plain)
            let error = await failure { () throws(LockError) in try await backends[0].place(first, .always) }
            #expect(error?.code == .denied && error?.message.contains("doctor --script") == true, "\(error as Any)")
        }
        try await corner.backends(2) { backends in
            try await backends[0].hold(first)
            try await backends[1].wait(second)
            #expect(try await backends[0].remove(first.id) == .removed)
            _ = try await backends[1].grant(of: second.id)
            #expect(try await backends[0].remove(plain.id) == .removed)
        }
    }

    @Test func `the script makes it over a schema of before paths`() async throws {
        let corner = try await earlier()
        var poor = corner
        poor.configuration.credentials = .init(user: "app")
        for _ in 0..<2 { try await corner.server.psql(poor.configuration.script(for: "app")) }
        try await poor.backends { backends in
            let (first, second) = try (claim("a" / "b"), claim("a", .shared))
            try await backends[0].hold(first)
            try await backends[0].wait(second)
            _ = try await backends[0].remove(first.id)
            _ = try await backends[0].grant(of: second.id)
        }
    }

    @Test func `the script of an older version changes nothing under claims on paths`() async throws {
        let corner = try await Corner(PostgresServer())
        try await corner.backends { backends in
            let (first, second) = try (claim("a" / "b"), claim("a" / "b"))
            try await backends[0].hold(first)
            try await backends[0].wait(second)
            await #expect(throws: (any Error).self) { try await corner.server.psql(EarlierFunctions.script) }
            _ = try await backends[0].remove(first.id)
            _ = try await backends[0].grant(of: second.id)
        }
    }
}
#endif
