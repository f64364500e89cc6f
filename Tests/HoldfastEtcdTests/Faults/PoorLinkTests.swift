#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Connections that break, trickle, or are refused, between clients and a server that is well.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct PoorLinkTests {
        @Test(arguments: [1, 2] as [UInt64])
        func `connections that break again and again cost no exclusion, and leave nothing`(_ seed: UInt64) async throws
        {
            let server = try await EtcdServer()
            var proxies: [FaultProxy] = []
            for _ in 0..<3 { proxies.append(try await FaultProxy(to: server.port)) }
            try await Workload.run(proxies.map(\.configuration) + [server.configuration]) { [proxies] workload in
                try await PoorLinks.trouble(proxies, workload, seed: seed)
            }
        }

        @Test func `a server that trickles is unavailable in time, and its answers are not mixed up`() async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            try await EtcdLink(configuration: proxy.configuration, bounds: .short).running { link in
                for number in 0..<10 { try await link.put("k\(number)", "v\(number)") }
                proxy.replies = .drip(.milliseconds(100))
                for number in 0..<3 {
                    let start = ContinuousClock.now
                    let error = await failure { () throws(LockError) in try await link.get("k\(number)") }
                    #expect(error?.code == .unavailable)
                    #expect(ContinuousClock.now - start < .seconds(1.5))
                }
                proxy.replies = .pass
                try await eventually("it answers again") { (try? await link.get("k9")) == "v9" }
                for number in 0..<10 {
                    let value = try await link.get("k\(number)")
                    #expect(value == "v\(number)")
                }
            }
        }

        @Test func `a member that trickles is left for another`() async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            var configuration = proxy.configuration
            configuration.endpoints += server.configuration.endpoints
            try await EtcdLink(configuration: configuration, bounds: .short).running { link in
                try await link.put("k", "v")
                proxy.replies = .drip(.milliseconds(100))
                try await eventually("another answers", within: .seconds(5)) { (try? await link.get("k")) == "v" }
                #expect(link.endpoint?.port == server.port)
            }
        }

        @Test func `who is refused comes back at a measured pace, however many ask`() async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            try await EtcdLink(configuration: proxy.configuration).running { link in
                try await link.put("k", "v")
                let before = proxy.accepted
                proxy.refuses = true
                proxy.cut()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<64 {
                        group.addTask {
                            let error = await failure { () throws(LockError) in try await link.get("k") }
                            #expect(error?.code == .unavailable)
                        }
                    }
                    // The span that is measured.
                    try await ContinuousClock().sleep(for: .seconds(4))
                    try await group.waitForAll()
                }
                let attempts = proxy.accepted - before
                #expect((3...16).contains(attempts), "\(attempts) attempts in 4 s")
                proxy.refuses = false
                try await eventually("it is back", within: .seconds(5)) { (try? await link.get("k")) == "v" }
            }
        }
    }
}
#endif
