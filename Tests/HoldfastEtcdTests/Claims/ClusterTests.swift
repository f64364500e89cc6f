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
        private static let beyondALife = Workload.timeToLive + .seconds(1)

        private func crowd(_ cluster: EtcdCluster) -> [EtcdConfiguration] {
            (0..<Self.clients).map { number in
                var configuration = cluster.configuration
                // Each begins with another member.
                for _ in 0..<number % 3 { configuration.endpoints.append(configuration.endpoints.removeFirst()) }
                return configuration
            }
        }

        @Test func `the leader is killed, and comes back`() async throws {
            let cluster = try await EtcdCluster()
            try await Workload.run(crowd(cluster)) { workload in
                try await workload.holdOn([0, 1])
                let leader = try await cluster.leader()
                leader.kill()
                try await workload.progress("without the old leader")
                workload.letGo()
                try await workload.progress("there", long: 1)
                try leader.start()
                try await leader.ready()
            }
        }

        /// Before 3.4.31 and 3.5.13 it may end leases that are alive when it comes back: the holders hear of that, but
        /// perhaps not before others hold. Tokens order them all the same, and the doctor has warned.
        @Test func `the leader stands still for longer than a life, and goes on`() async throws {
            let cluster = try await EtcdCluster()
            let (hasBug, findings) = try await EtcdBackend.running([EtcdBackend(cluster.configuration)]) {
                let version = try await $0[0].link.status().version
                return (ServerFindings.hasRevocationBug(version) != false, try await $0[0].examine())
            }
            let warning = findings.first { $0.subject == "version" && $0.text.contains("paused") }
            #expect(warning?.weight == (hasBug ? .danger : nil), "\(findings)")
            try await Workload.run(crowd(cluster), mayLose: hasBug) { workload in
                try await workload.holdOn([0, 1])
                let leader = try await cluster.leader()
                leader.pause()
                let end = ContinuousClock.now + Self.beyondALife
                try await workload.progress("while the old leader stands")
                try await ContinuousClock().sleep(until: end)
                leader.resume()
                try await workload.progress("when it goes on")
            }
        }

        @Test func `the quorum is lost and comes back`() async throws {
            let cluster = try await EtcdCluster()
            try await Workload.run(crowd(cluster)) { workload in
                try await workload.holdOn([0, 1])
                let others = cluster.members.dropFirst()
                try await workload.outage {
                    for member in others { member.kill() }
                    try await ContinuousClock().sleep(for: Self.beyondALife)
                    let before = workload.tally
                    #expect(before.allSatisfy { !$0.holds }, "\(before)")
                    try await Workload.isUnavailable(EtcdBackend(cluster.configuration))
                    let after = workload.tally
                    for holder in 0...1 {
                        #expect(after[holder].failures[.leaseLost, default: 0] > 0, "\(after[holder])")
                    }
                    for (before, after) in zip(before, after) {
                        #expect(before.done == after.done && before.long == after.long, "nobody gets a lock")
                    }
                    for member in others { try member.start() }
                    for member in others { try await member.ready(within: .seconds(30)) }
                }
            }
        }

        @Test func `members are restarted one by one`() async throws {
            let cluster = try await EtcdCluster()
            try await Workload.run(crowd(cluster)) { workload in
                for member in cluster.members {
                    member.terminate()
                    try await eventually("the member ends") { !member.isAlive }
                    try member.start()
                    try await member.ready(within: .seconds(30))
                    try await workload.progress("after a restart")
                }
            }
        }

        enum Cut: CaseIterable { case leader, follower, oneLink }

        @Test(arguments: Cut.allCases) func `the network is cut`(_ cut: Cut) async throws {
            let cluster = try await PartedCluster()
            let leader = try await cluster.leader()
            let victim = cut == .leader ? leader : (leader + 1) % 3
            // Two clients that know the victim alone, and two that know all.
            let configurations = [
                cluster.configuration(of: victim), cluster.configuration(of: victim), cluster.configuration,
                cluster.configuration,
            ]
            try await Workload.run(configurations) { workload in
                if cut == .oneLink {
                    try await cluster.cut(victim, off: [leader])
                    try await workload.progress("by way of the third", of: [2, 3], long: 1)
                    return try await cluster.heal(victim, with: [leader])
                }
                try await workload.holdOn([0, 1])
                try await workload.outage {
                    try await cluster.cut(victim)
                    try await workload.progress("in place of those who are cut off", of: [2, 3], long: 1)
                    let before = workload.tally
                    try await Workload.isUnavailable(EtcdBackend(configurations[0]))
                    let after = workload.tally
                    for lonely in 0...1 {
                        #expect(after[lonely].failures[.leaseLost, default: 0] > 0, "\(after[lonely])")
                        #expect(before[lonely].done == after[lonely].done && !after[lonely].holds)
                        #expect(before[lonely + 2].done < after[lonely + 2].done)
                    }
                    try await cluster.heal(victim)
                }
            }
        }
    }
}
#endif
