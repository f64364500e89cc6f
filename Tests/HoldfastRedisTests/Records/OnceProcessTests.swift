#if Redis
import ServerKit
import Testing

/// Messages that come several times, to processes that are killed.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct OnceProcessTests {
        @Test func `a body is run again only where a kill was the cause`() async throws {
            let server = try await RedisServer()
            try await OnceTrial.run(on: "redis+unix://\(server.socket)", "redis")
        }
    }
}
#endif
