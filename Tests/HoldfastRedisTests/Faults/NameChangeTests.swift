#if Redis
import Foundation
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct NameChangeTests {
        /// What one process takes for the hosts of the world: a file that is mounted over `/etc/hosts` for it alone.
        private final class Hosts: Sendable {
            let folder: ScratchFolder
            static let name = "store.holdfast.test"

            init() throws {
                folder = try ScratchFolder()
                try "hosts: files\n".write(toFile: folder.path + "/switch", atomically: true, encoding: .utf8)
                try point(to: nil)
            }

            /// In place: another file would not be the one that is mounted.
            func point(to address: String?) throws {
                let text = address.map { "\($0) \(Self.name)\n" } ?? ""
                try text.write(toFile: folder.path + "/hosts", atomically: false, encoding: .utf8)
            }

            var launcher: [String] {
                let mounts =
                    "mount --bind \(folder.path)/hosts /etc/hosts && "
                    + "mount --bind \(folder.path)/switch /etc/nsswitch.conf && exec \"$@\""
                return ["unshare", "-m", "sh", "-c", mounts, "sh"]
            }
        }

        @Test func `a name that points elsewhere, or nowhere for a while, is looked up at each connection`()
            async throws
        {
            guard getuid() == 0 else { throw TestFailure("a mount of its own needs root: run the tests as root") }
            let hosts = try Hosts()
            let server = try await RedisServer(config: "bind 127.0.0.1 127.0.0.2")
            try hosts.point(to: "127.0.0.1")
            let words = hosts.launcher + [try Self.probe(), "hold", "redis://\(Hosts.name):\(server.port)", "k"]
            let holder = Guardian(words[0], Array(words.dropFirst()))
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

        /// A process of its own, beside this one.
        private static func probe() throws -> String {
            let bundle = Bundle.allBundles.map(\.bundlePath).first { $0.hasSuffix(".xctest") }
            let path = URL(fileURLWithPath: bundle ?? CommandLine.arguments[0]).deletingLastPathComponent()
                .appendingPathComponent("StoreProbe").path
            guard access(path, X_OK) == 0 else { throw TestFailure("no \(path)") }
            return path
        }
    }
}
#endif
