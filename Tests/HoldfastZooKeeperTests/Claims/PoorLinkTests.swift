#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// Connections that break or are refused, between clients and a server that is well.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct PoorLinkTests {
        private let claims = Claims()

        @Test(arguments: [1, 2] as [UInt64])
        func `connections that break again and again cost no exclusion`(_ seed: UInt64) async throws {
            let server = try await ZooKeeperServer(.init(config: "maxSessionTimeout=40000"))
            var proxies: [FaultProxy] = []
            for _ in 0..<3 { proxies.append(try await FaultProxy(to: server.port)) }
            let backends = try (proxies.map { $0.configuration(tick: server.tick) } + [server.configuration]).map {
                var configuration = $0
                configuration.requestTimeout = .seconds(1)
                return try ZooKeeperBackend(configuration)
            }
            let witness = try ZooKeeperBackend(server.configuration)
            try await Workload.run(backends, witness: witness, longestLife: .seconds(30), keptFor: .seconds(40)) {
                [proxies] workload in try await PoorLinks.trouble(proxies, workload, seed: seed)
            }
        }

        @Test func `a blocker that leaves while its waiter is cut off is found gone`() async throws {
            let server = try await ZooKeeperServer(.init(config: "maxSessionTimeout=40000"))
            let proxy = try await FaultProxy(to: server.port)
            let direct = try ZooKeeperBackend(server.configuration)
            let poor = try ZooKeeperBackend(proxy.configuration(tick: server.tick))
            try await ZooKeeperBackend.running([direct, poor]) { backends in
                let (holder, waiter) = (try claims.next("k"), try claims.next("k"))
                try await backends[0].hold(holder)
                guard case .waiting = try await backends[1].place(waiter, .always) else {
                    throw TestFailure("it does not wait")
                }
                async let grant = backends[1].grant(of: waiter.id)
                proxy.refuses = true
                proxy.cut()
                _ = try await backends[0].remove(holder.id)
                proxy.refuses = false
                let token = try await grant.token
                #expect(token.rawValue > 0)
                _ = try await backends[1].remove(waiter.id)
            }
        }

        @Test func `a chroot that is not there is made with the first lock`() async throws {
            let server = try await ZooKeeperServer(.init(config: "maxSessionTimeout=40000"))
            var configuration = server.configuration
            configuration.chroot = "/not/there yet"
            try await ZooKeeperBackend.running([ZooKeeperBackend(configuration)]) { backends in
                let none = try await backends[0].claims(withPrefix: "", limit: 10)
                #expect(none.isEmpty)
                let claim = try claims.next("k")
                try await backends[0].hold(claim)
                _ = try await backends[0].remove(claim.id)
            }
        }

        @Test func `a lock whose path somebody removed is made anew, and tokens go on`() async throws {
            let server = try await ZooKeeperServer(.init(config: "maxSessionTimeout=40000"))
            try await ZooKeeperBackend.running([ZooKeeperBackend(server.configuration)]) { backends in
                let (first, second) = (try claims.next("a/b"), try claims.next("a/b"))
                let before = try await backends[0].hold(first)
                _ = try await backends[0].remove(first.id)
                try await server.configuration.session { session in
                    for name in try await session.children("/locks").children {
                        try await session.delete("/locks/" + name)
                    }
                }
                // Its numbers begin anew.
                let after = try await backends[0].hold(second)
                #expect(after > before)
                _ = try await backends[0].remove(second.id)
            }
        }
    }
}
#endif
