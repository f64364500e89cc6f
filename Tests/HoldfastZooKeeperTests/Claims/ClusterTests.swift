#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// Three servers, one of which is killed or cut off, while clients take locks and checkers watch.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(4))) struct ClusterTests {
        private static let timeToLive: Duration = .seconds(4)

        private func crowd(_ ensemble: ZooKeeperEnsemble) throws -> [any LockBackend] {
            try (0..<4).map { _ in
                var configuration = ensemble.configuration
                configuration.requestTimeout = .seconds(1)
                return try ZooKeeperBackend(configuration)
            }
        }

        private func run(
            _ ensemble: ZooKeeperEnsemble, _ body: @escaping @Sendable (Workload) async throws -> Void
        ) async throws {
            try await Workload.run(
                try crowd(ensemble), witness: ZooKeeperBackend(ensemble.configuration), timeToLive: Self.timeToLive,
                longestLife: .seconds(30), keptFor: .seconds(40), body)
        }

        @Test(arguments: [true, false]) func `a server is killed, and comes back`(_ isLeader: Bool) async throws {
            let ensemble = try await ZooKeeperEnsemble(.init(config: "maxSessionTimeout=40000"))
            try await run(ensemble) { workload in
                let victim = try #require(isLeader ? ensemble.leader : ensemble.followers.first)
                try await workload.holdOn([0, 1])
                victim.kill()
                try await workload.progress("without it")
                workload.letGo()
                try await workload.progress("there", long: 1)
                try await victim.start()
                try await workload.progress("when it is back")
            }
        }

        @Test func `the quorum is lost and comes back`() async throws {
            let ensemble = try await ZooKeeperEnsemble(.init(config: "maxSessionTimeout=40000"))
            try await run(ensemble) { workload in
                try await workload.outage {
                    for member in ensemble.members.dropFirst() { member.kill() }
                    try await ContinuousClock().sleep(for: Self.timeToLive + .seconds(1))
                    let before = workload.tally
                    try await Workload.isUnavailable(ZooKeeperBackend(ensemble.configuration))
                    for (before, after) in zip(before, workload.tally) {
                        #expect(before.done == after.done && before.long == after.long, "nobody gets a lock")
                    }
                    for member in ensemble.members.dropFirst() { try member.launch() }
                    try await ensemble.serving(3)
                }
            }
        }

        private func client<R: Sendable>(
            _ server: ZooKeeperServer, _ body: @escaping @Sendable (LockClient) async throws -> R
        ) async throws -> R {
            try await LockClient.withClient(
                backend: try ZooKeeperBackend(server.configuration),
                configuration: LockClientConfiguration(timeToLive: Self.timeToLive), body)
        }

        /// Its server goes on answering pings, while the leader ends its session.
        @Test func `a holder whose server is cut off knows it before another holds`() async throws {
            let ensemble = try await ZooKeeperEnsemble(.init(config: "maxSessionTimeout=40000"), hasCables: true)
            let follower = try #require(ensemble.followers.first)
            let leader = try #require(ensemble.leader)
            try await client(follower) { holder in
                let owned = try await holder.acquire("k")
                let lease = owned.lease
                ensemble.cut(follower)
                try await client(leader) { other in
                    let next = try await other.acquire("k", wait: .upTo(.seconds(30)))
                    #expect(!lease.isHeld)
                    #expect(next.lease.token > lease.token)
                    try await next.release()
                }
                ensemble.mend(follower)
                try? await owned.release()
            }
        }
    }
}
#endif
