#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

extension OneAtATime {
    @Suite(.timeLimit(.minutes(1))) struct NameChangeTests {
        @Test func `a name that points elsewhere, or nowhere for a while, is looked up at each connection`()
            async throws
        {
            let hosts = try Hosts()
            let server = try await EtcdServer()
            // There nobody listens.
            try hosts.point(to: "127.0.0.2")
            let holder = hosts.guardian([try Probe.path(), "hold", "etcd://\(Hosts.name):\(server.port)", "k"])
            try holder.start()
            try await Self.stays(within: .seconds(1)) {
                holder.isAlive && !Kernel.isConnected(holder.pid, to: server.port)
            }
            try hosts.point(to: "127.0.0.1")
            try await eventually("it holds") { try await Self.keys(server).count == 1 }
            let key = try await Self.keys(server)

            try hosts.point(to: nil)
            try await server.restart()
            try await Self.stays(within: .seconds(1)) {
                holder.isAlive && !Kernel.isConnected(holder.pid, to: server.port)
            }
            try hosts.point(to: "127.0.0.1")
            try await eventually("it is back", within: .seconds(15)) { Kernel.isConnected(holder.pid, to: server.port) }
            #expect(holder.isAlive)
            let same = try await Self.keys(server)
            #expect(same == key)
        }

        /// Time itself is under test: for all of the span it must hold.
        private static func stays(within span: Duration, _ holds: () -> Bool) async throws {
            let end = ContinuousClock.now + span
            while ContinuousClock.now < end {
                try #require(holds())
                try await Task.sleep(for: .milliseconds(50))
            }
        }

        private static func keys(_ server: EtcdServer) async throws -> [String] {
            try await server.control("get", "--prefix", "lock/k/", "--keys-only").split(separator: "\n").map {
                String($0)
            }
        }
    }
}
#endif
