#if Redis
import Foundation
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct NameChangeTests {
        @Test func `a name that points elsewhere, or nowhere for a while, is looked up at each connection`()
            async throws
        {
            let hosts = try Hosts()
            let server = try await RedisServer(config: "bind 127.0.0.1 127.0.0.2")
            try hosts.point(to: "127.0.0.1")
            let holder = hosts.guardian([try Probe.path(), "hold", "redis://\(Hosts.name):\(server.port)", "k"])
            try holder.start()
            try await eventually("it holds") { try server.command("GET", "lock:k").text != nil }
            let value = try server.command("GET", "lock:k").text
            try await eventually("by the first address") { try Self.address(server) == "127.0.0.1" }

            try hosts.point(to: "127.0.0.2")
            try Self.drop(server)
            try await eventually("by the second address") { try Self.address(server) == "127.0.0.2" }

            try hosts.point(to: nil)
            try Self.drop(server)
            // The span in which there is no such name.
            let end = ContinuousClock.now + .seconds(1)
            while ContinuousClock.now < end {
                try #require(try Self.address(server) == nil)
                try await Task.sleep(for: .milliseconds(50))
            }
            try hosts.point(to: "127.0.0.1")
            try await eventually("back by the first", within: .seconds(5)) { try Self.address(server) == "127.0.0.1" }
            #expect(holder.isAlive)
            let same = try server.command("GET", "lock:k").text
            #expect(same == value)
        }

        private static func drop(_ server: RedisServer) throws {
            for type in ["normal", "pubsub"] { try server.command("CLIENT", "KILL", "TYPE", type) }
        }

        /// Where the holder is connected to.
        private static func address(_ server: RedisServer) throws -> String? {
            let clients = try server.command("CLIENT", "LIST").text ?? ""
            guard let line = clients.split(whereSeparator: \.isNewline).first(where: { $0.contains("name=holdfast") }),
                let field = line.split(separator: " ").first(where: { $0.hasPrefix("laddr=") })
            else { return nil }
            return String(field.dropFirst(6).prefix { $0 != ":" })
        }
    }
}
#endif
