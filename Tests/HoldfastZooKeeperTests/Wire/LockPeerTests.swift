#if ZooKeeper
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// That the peers of other tests are what they seem.
extension OneAtATime {
    struct LockPeerTests {
        @Test func `Curator's mutex has the nodes that we know, and waits`() async throws {
            let server = try await ZooKeeperServer()
            let peer = try await LockPeer(.curator, server.connectString)
            try await server.configuration.session { session in
                let isHeld = try await peer.lock("a", .mutex, "/locks/k")
                #expect(isHeld)
                let (nodes, _) = try await session.children("/locks/k")
                #expect(
                    nodes.count == 1 && nodes[0].hasPrefix("_c_") && nodes[0].hasSuffix("-lock-0000000000"), "\(nodes)")
                let isHeldTwice = try await peer.lock("b", .mutex, "/locks/k", within: .milliseconds(300))
                #expect(!isHeldTwice)
                try peer.ask("lock b mutex /locks/k 5000")
                try await eventually("it waits") { try await session.children("/locks/k").children.count == 2 }
                try await peer.unlock("a")
                let answer = try await peer.answer("b")
                #expect(answer == "held")
                // A node that is deleted under it is not its own any more, which it does not mind.
                peer.kill()
                try await eventually("its session has expired") {
                    try await session.children("/locks/k").children.isEmpty
                }
            }
        }

        @Test func `Curator's read-write lock has the nodes that we know`() async throws {
            let server = try await ZooKeeperServer()
            let peer = try await LockPeer(.curator, server.connectString)
            try await server.configuration.session { session in
                var held: [Bool] = []
                held.append(try await peer.lock("r1", .read, "/locks/k"))
                held.append(try await peer.lock("r2", .read, "/locks/k"))
                held.append(try await peer.lock("w", .write, "/locks/k", within: .milliseconds(300)))
                #expect(held == [true, true, false])
                let (nodes, _) = try await session.children("/locks/k")
                #expect(
                    nodes.count == 2 && nodes.allSatisfy { $0.hasPrefix("_c_") && $0.contains("__READ__0") }, "\(nodes)"
                )
            }
        }

        @Test func `kazoo has the nodes that we know, and respects Curator's only when told`() async throws {
            let server = try await ZooKeeperServer()
            let curator = try await LockPeer(.curator, server.connectString)
            let kazoo = try await LockPeer(.kazoo, server.connectString)
            try await server.configuration.session { session in
                var held: [Bool] = []
                held.append(try await curator.lock("c", .mutex, "/locks/k"))
                held.append(
                    try await kazoo.lock("p", .mutex, "/locks/k", within: .milliseconds(300), patterns: ["-lock-"]))
                held.append(try await kazoo.lock("k", .mutex, "/locks/k", within: .seconds(1)))
                #expect(held == [true, false, true])
                let (nodes, _) = try await session.children("/locks/k")
                #expect(nodes.count == 2 && nodes.contains { $0.contains("__lock__0") }, "\(nodes)")
                try await kazoo.unlock("k")
                try await curator.unlock("c")
            }
        }
    }
}
#endif
