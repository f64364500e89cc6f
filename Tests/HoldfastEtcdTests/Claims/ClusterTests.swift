#if Etcd
import Holdfast
import HoldfastTesting
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Three members, one of which is killed, stopped or cut off, while clients take locks and checkers watch.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(3))) struct ClusterTests {
        private static let clients = 4

        private func crowd(_ cluster: EtcdCluster) -> [EtcdConfiguration] {
            (0..<Self.clients).map { number in
                var configuration = cluster.configuration
                // Each begins with another member.
                for _ in 0..<number % 3 { configuration.endpoints.append(configuration.endpoints.removeFirst()) }
                return configuration
            }
        }

        private func pass(_ duration: Duration) async throws { try await ContinuousClock().sleep(for: duration) }

        @Test func `the leader is killed, and comes back`() async throws {
            let cluster = try await EtcdCluster()
            try await Workload.run(crowd(cluster)) { workload in
                let leader = try await cluster.leader()
                leader.kill()
                try await workload.progress("without the old leader", by: 50)
                try leader.start()
                try await leader.ready()
            }
        }

        /// Before 3.4.31 and 3.5.13 it may end leases that are alive when it comes back: the holders hear of that, but
        /// perhaps not before others hold.
        @Test func `the leader stands still for longer than a life, and goes on`() async throws {
            let cluster = try await EtcdCluster()
            let status = try await cluster.members[0].control("endpoint", "status", "-w", "fields")
            let version = try #require(status.split(separator: "\n").first { $0.hasPrefix("\"Version\"") })
            let hasBug = ServerFindings.hasRevocationBug(version.filter { $0.isNumber || $0 == "." }) != false
            try await Workload.run(crowd(cluster), mayLose: hasBug) { workload in
                let leader = try await cluster.leader()
                leader.pause()
                try await workload.progress("while the old leader stands", by: 50)
                try await pass(Workload.timeToLive + .seconds(1))
                leader.resume()
                try await workload.progress("when it goes on", by: 50)
            }
        }

        @Test func `the quorum is lost and comes back`() async throws {
            let cluster = try await EtcdCluster()
            try await Workload.run(crowd(cluster)) { workload in
                for member in cluster.members.dropFirst() { member.kill() }
                try await pass(Workload.timeToLive + .seconds(1))
                let before = workload.count
                try await pass(.seconds(1))
                #expect(workload.count == before, "without a quorum nobody gets a lock")
                for member in cluster.members.dropFirst() { try member.start() }
                for member in cluster.members.dropFirst() { try await member.ready(within: .seconds(30)) }
            }
        }

        @Test func `members are restarted one by one, and nobody loses a lock`() async throws {
            let cluster = try await EtcdCluster()
            var configuration = cluster.configuration
            configuration.prefix = "kept/"
            let kept = try EtcdBackend(configuration)
            try await LockClient.withClient(
                backend: kept, configuration: LockClientConfiguration(timeToLive: .seconds(15))
            ) { locks in
                let owned = try await locks.acquire("k")
                try await Workload.run(crowd(cluster)) { workload in
                    for member in cluster.members {
                        member.terminate()
                        try await eventually("the member ends") { !member.isAlive }
                        try member.start()
                        try await member.ready(within: .seconds(30))
                        try await workload.progress("after a restart")
                    }
                }
                #expect(owned.lease.isHeld)
                try await owned.release()
            }
        }

        @Test(arguments: [true, false]) func `a member is cut off`(_ isLeader: Bool) async throws {
            let cluster = try await PartedCluster()
            let leader = try await cluster.leader()
            let victim = isLeader ? leader : (leader + 1) % 3
            // Two clients that know the lonely one alone, and two that know all.
            let configurations = [
                cluster.configuration(of: victim), cluster.configuration(of: victim), cluster.configuration,
                cluster.configuration,
            ]
            try await Workload.run(configurations) { workload in
                try await cluster.cut(off: victim)
                try await workload.progress("on the side of the majority", by: 50)
                try await pass(Workload.timeToLive + .seconds(1))
                try await workload.progress("still there", by: 20)
                try await cluster.heal(victim)
            }
        }
    }
}
#endif
