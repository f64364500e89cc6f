#if Redis
import ServerKit
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    struct FaultProxyTests {
        @Test func `the relay passes, holds, and cuts`() async throws {
            let server = try await RedisServer()
            let proxy = try await FaultProxy(to: server.port)
            let wire = try RawConnection(port: proxy.port)
            #expect(try wire.command(["PING"]) == .simple("PONG"))
            proxy.replies = .hold
            try wire.write(Array("INCR n\r\n".utf8))
            try await eventually("the server has done it") { try server.command("GET", "n").text == "1" }
            proxy.replies = .split(1)
            #expect(try wire.next() == .integer(1))
            #expect(proxy.open == 1 && proxy.accepted == 1)
            proxy.cut()
            #expect(throws: TestFailure.self) { try wire.command(["PING"]) }
        }
    }
}
#endif
