#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

struct CredentialTests {
    private func fault<R>(_ body: () async throws(ZooKeeperError) -> R) async -> ZooKeeperFault? {
        await failure(of: body)?.fault
    }

    @Test func `a node of ours is nobody else's, also behind a new connection`() async throws {
        let server = try await ZooKeeperServer()
        let proxy = try await FaultProxy(to: server.port)
        var alice = proxy.configuration()
        alice.credentials = .init(user: "alice", password: "wörd:1")
        var bob = server.configuration
        bob.credentials = .init(user: "bob", password: "b")
        let (nobody, mallory) = (server.configuration, bob)
        try await alice.session { session in
            _ = try await session.create("/a", .persistent, data: [1])
            let (results, _) = try await session.multi([
                .create(path: "/a/m", mode: .ephemeral), .create(path: "/a/open", acl: ACL.open, mode: .persistent),
            ])
            #expect(results == [.created(path: "/a/m"), .created(path: "/a/open")])
            for other in [nobody, mallory] {
                try await other.session { stranger in
                    let read = await fault { () throws(ZooKeeperError) in try await stranger.data("/a") }
                    let written = await fault { () throws(ZooKeeperError) in try await stranger.setData("/a/m", []) }
                    let listed = await fault { () throws(ZooKeeperError) in try await stranger.children("/a") }
                    let created = await fault { () throws(ZooKeeperError) in
                        try await stranger.create("/a/x", .ephemeral)
                    }
                    let deleted = await fault { () throws(ZooKeeperError) in try await stranger.delete("/a/m") }
                    #expect([read, written, listed, created, deleted].allSatisfy { $0 == .noAuth })
                    _ = try await stranger.setData("/a/open", [2])
                    let (undone, _) = try await stranger.multi([
                        .create(path: "/b", mode: .ephemeral), .delete(path: "/a/m"),
                    ])
                    #expect(undone == [.undone, .failed(.noAuth)])
                }
            }
            proxy.cut()
            try await eventually("connected again") { session.connections == 2 && session.state.isConnected }
            let (data, _) = try await session.data("/a")
            #expect(data == [1])
            try await session.delete("/a/m")
        }
        try await server.configuration.session { session in
            let error = await failure { () throws(ZooKeeperError) in try await session.data("/a") }
            #expect(error?.lockError.code == .denied)
        }
    }

    @Test func `open nodes by choice, and below a node that is not ours`() async throws {
        let server = try await ZooKeeperServer()
        var configuration = server.configuration
        configuration.credentials = .init(user: "alice", password: "a")
        configuration.access = .open
        try await configuration.session { session in
            _ = try await session.create("/a", .persistent)
            _ = try await session.create("/top", .persistent, acl: [.init(permissions: .all, scheme: "auth", id: "")])
            _ = try await session.create("/top/ours", .persistent)
        }
        var below = server.configuration
        below.chroot = "/top/ours/x"
        try await below.session { session in
            try await session.makeRoot()
            _ = try await session.create("/a", .ephemeral)
        }
        below.chroot = "/top/theirs"
        try await below.session { session in
            let error = await failure { () throws(ZooKeeperError) in try await session.makeRoot() }
            #expect(error?.lockError.code == .denied)
        }
    }

    @Test func `a server that wants credentials is told them, or refuses for ever`() async throws {
        var setup = ZooKeeperServer.Setup()
        setup.properties = ["zookeeper.enforce.auth.enabled=true", "zookeeper.enforce.auth.schemes=digest"]
        let server = try await ZooKeeperServer(setup)
        var known = server.configuration
        known.credentials = .init(user: "alice", password: "a")
        try await known.session { session in _ = try await session.create("/a", .ephemeral) }

        let session = ZooKeeperSession(configuration: server.configuration, sessionTimeout: .seconds(4))
        try await session.running(connects: false) { session in
            let error = await failure { () throws(ZooKeeperError) in try await session.create("/a", .ephemeral) }
            #expect(error?.lockError.code == .denied, "\(String(describing: error))")
            try await eventually("it is over") { session.state.isFinal }
            guard case .refused(let reason) = session.state else { throw TestFailure("\(session.state)") }
            #expect(reason.code == .denied && reason.message.contains("credentials"))
        }
    }
}
#endif
