#if ZooKeeper
import ServerKit
import Testing

/// Messages that come several times, to processes that are killed.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct OnceProcessTests {
        @Test func `a body is run again only where a kill was the cause`() async throws {
            // Short ticks for short lives, and the default's length all the same.
            let server = try await ZooKeeperServer(.init(tick: .milliseconds(300), config: "maxSessionTimeout=40000"))
            try await OnceTrial.run(on: "zookeeper://127.0.0.1:\(server.port)?tick=300ms", "zookeeper")
        }
    }
}
#endif
