#if ZooKeeper
import ServerKit
import Testing

@testable import HoldfastZooKeeper

struct ZooKeeperServerTests {
    @Test func `one server serves`() async throws {
        let server = try await ZooKeeperServer()
        #expect(server.mode == "standalone")
    }

    @Test func `three servers elect a leader, and another when it is gone`() async throws {
        let ensemble = try await ZooKeeperEnsemble()
        #expect(ensemble.followers.count == 2)
        let leader = try #require(ensemble.leader)
        leader.kill()
        try await ensemble.serving(2)
        try await leader.start()
        #expect(leader.mode == "follower")
    }
}
#endif
