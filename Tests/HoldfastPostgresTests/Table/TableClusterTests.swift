#if Postgres
import Holdfast
import HoldfastTesting
import ServerKit
import Testing

@testable import HoldfastPostgres

/// Clients on connections that break, on a server that is restarted, and on a standby that takes over.
@Suite(.serialized, .timeLimit(.minutes(3))) struct TableClusterTests {
    private let claims = Claims()

    @Test(arguments: [1, 2] as [UInt64])
    func `connections that break again and again cost no exclusion`(_ seed: UInt64) async throws {
        let corner = try await Corner()
        var proxies: [FaultProxy] = []
        for _ in 0..<3 { proxies.append(try await FaultProxy(to: corner.server.port)) }
        let backends = try (proxies.map(\.port) + [corner.server.port]).map { port in
            var poor = corner
            poor.configuration.endpoints = [.init(host: "127.0.0.1", port: port)]
            poor.configuration.requestTimeout = .seconds(1)
            return try poor.backend()
        }
        try await Workload.run(backends, witness: corner.backend()) { [proxies] workload in
            try await PoorLinks.trouble(proxies, workload, seed: seed)
        }
        let left = try await corner.left()
        #expect(left == [])
    }

    @Test func `a server that is killed and started again costs no exclusion`() async throws {
        let server = try await PostgresServer(config: "synchronous_commit = off")
        let corner = try await Corner(server)
        let backends = try (0..<3).map { _ in try corner.backend() }
        try await Workload.run(backends, witness: corner.backend()) { workload in
            for _ in 0..<3 {
                server.kill()
                try await server.start()
                try await workload.progress("after its start")
            }
        }
    }

    @Test func `a standby that takes over gives greater tokens, and until then it is refused`() async throws {
        let primary = try await PostgresServer()
        let standby = try await primary.standby()
        var corner = try await Corner(primary)
        let before = try await corner.backends { backends in
            var last = try await backends[0].hold(claims.next("first"))
            for number in 0..<50 { last = max(last, try await backends[0].hold(claims.next("k\(number)"))) }
            return last
        }
        corner.configuration.endpoints = [.init(host: "127.0.0.1", port: standby.port)]
        try await eventually("the standby has the tables") {
            (try? await standby.psql("SELECT version FROM holdfast.layout")) != nil
        }
        try await corner.backends { backends in
            let claim = try claims.next("other")
            let error = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
            #expect(error?.code == .unavailable && error?.message.contains("standby") == true)
        }
        // What it has not heard of is lost, as the class says; the tokens are not.
        corner.configuration.endpoints = [
            .init(host: "127.0.0.1", port: primary.port), .init(host: "127.0.0.1", port: standby.port),
        ]
        try await corner.backends { backends in
            #expect(backends[0].capabilities.guarantee == .bestEffort)
            try await backends[0].hold(claims.next("before"))
            primary.kill()
            try await standby.psql("SELECT pg_promote()")
            let claim = try claims.next("after")
            let placed = try await backends[0].placeWhenBack(claim)
            let token = try #require(placed.token)
            #expect(token > before)
        }
    }
}
#endif
