#if Etcd
import Holdfast
import ServerKit
import SwiftProtobuf
import Testing

@testable import HoldfastEtcd

extension OneAtATime {
    struct EtcdFailoverTests {
        /// A link whose first member is `first`.
        private func link(_ cluster: EtcdCluster, first: EtcdServer, bounds: EtcdBounds? = nil) -> EtcdLink {
            var configuration = cluster.configuration
            configuration.endpoints.removeAll { $0.port == first.port }
            configuration.endpoints.insert(.init(host: "127.0.0.1", port: first.port), at: 0)
            return EtcdLink(configuration: configuration, bounds: bounds)
        }

        private func works(_ link: EtcdLink, within bound: Duration) async throws {
            try await eventually("a write succeeds", within: bound) {
                await failure { () throws(LockError) in try await link.put("a", "1") } == nil
            }
        }

        @Test func `members that are not there are passed over at once`() async throws {
            let server = try await EtcdServer()
            var configuration = server.configuration
            for _ in 0..<3 {
                configuration.endpoints.insert(.init(host: "127.0.0.1", port: try FreePort.find()), at: 0)
            }
            try await EtcdLink(configuration: configuration).running { link in
                let start = ContinuousClock.now
                try await link.put("a", "1")
                #expect(ContinuousClock.now - start < .seconds(1))
            }
        }

        @Test func `a leader that is killed is left for another member`() async throws {
            let cluster = try await EtcdCluster()
            let leader = try await cluster.leader()
            try await link(cluster, first: leader).running { link in
                try await link.put("a", "0")
                let watch = try await link.watch("a")
                leader.kill()
                for await _ in watch {}
                try await works(link, within: .seconds(8))
                #expect(link.endpoint?.port != leader.port)
            }
        }

        @Test func `a leader that stands still is left for another member`() async throws {
            let cluster = try await EtcdCluster()
            let leader = try await cluster.leader()
            try await link(cluster, first: leader).running { link in
                try await link.put("a", "0")
                leader.pause()
                try await works(link, within: .seconds(10))
                #expect(link.endpoint?.port != leader.port)
                leader.resume()
            }
        }

        @Test func `without a quorum all is unavailable, quickly, and works again when it is back`() async throws {
            let cluster = try await EtcdCluster()
            let member = cluster.members[0]
            let others = cluster.others(than: member)
            try await link(cluster, first: member).running { link in
                try await link.put("a", "0")
                for other in others { other.kill() }
                let start = ContinuousClock.now
                let error = await failure { () throws(LockError) in try await link.put("a", "1") }
                #expect(error?.code == .unavailable)
                #expect(ContinuousClock.now - start < .seconds(4))
                try await eventually("the member says that it has no leader", within: .seconds(15)) {
                    let error = await failure { () throws(LockError) in try await link.put("a", "1") }
                    return "\(String(describing: error))".contains("no leader")
                }
                // The member's own state is told all the same.
                try await eventually("its state") {
                    await failure { () throws(LockError) in try await link.status() } == nil
                }
                for other in others { try other.start() }
                try await works(link, within: .seconds(20))
            }
        }

        @Test func `members restarted one by one are never missed for long`() async throws {
            let cluster = try await EtcdCluster()
            try await EtcdLink(configuration: cluster.configuration).running { link in
                try await link.put("a", "0")
                for member in cluster.members {
                    member.terminate()
                    try await works(link, within: .seconds(10))
                    try await member.restart()
                    try await works(link, within: .seconds(10))
                }
            }
        }
    }
}
#endif
