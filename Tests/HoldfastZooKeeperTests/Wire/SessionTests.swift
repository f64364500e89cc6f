#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

struct SessionTests {
    @Test func `every request and its answer`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session { session in
            #expect(session.id != 0 && session.negotiatedTimeout == .seconds(4))
            let (path, stat) = try await session.create("/a", .persistent, data: [1, 2, 3])
            #expect(path == "/a" && stat.dataLength == 3 && stat.ephemeralOwner == 0 && stat.czxid > 0)
            let found = try await session.exists("/a")
            #expect(found == stat)
            let absent = try await session.exists("/b")
            #expect(absent == nil)
            let (data, _) = try await session.data("/a")
            #expect(data == [1, 2, 3])
            let changed = try await session.setData("/a", [], version: 0)
            #expect(changed.version == 1 && changed.mzxid > stat.mzxid)

            let (child, owned) = try await session.create("/a/c-", .ephemeralSequential)
            #expect(child == "/a/c-0000000000" && owned.ephemeralOwner == session.id)
            let (other, _) = try await session.create("/a/c-", .persistentSequential, data: [9])
            #expect(other == "/a/c-0000000001")
            let (children, parent) = try await session.children("/a")
            #expect(Set(children) == ["c-0000000000", "c-0000000001"] && parent.childCount == 2)
            let (box, container) = try await session.create("/box", .container)
            #expect(box == "/box" && container.ephemeralOwner == 0)

            try await session.sync("/a")
            try await session.delete(child)
            try await session.delete(other, version: 0)
            try await session.delete("/a", version: 1)
            let gone = try await session.exists("/a")
            #expect(gone == nil)
            #expect(session.requestsSent[.delete] == 3 && session.requestsSent[.sync] == 1)
            #expect(session.lastZxid > stat.czxid)
        }
    }

    @Test func `the answers that are refusals`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session { session in
            _ = try await session.create("/a", .persistent)
            _ = try await session.create("/e", .ephemeral)
            _ = try await session.create("/a/b", .persistent)
            func fault<R>(_ body: () async throws(ZooKeeperError) -> R) async -> ZooKeeperFault? {
                await failure(of: body)?.fault
            }
            let exists = await fault { () throws(ZooKeeperError) in try await session.create("/a", .persistent) }
            #expect(exists == .nodeExists)
            let parent = await fault { () throws(ZooKeeperError) in try await session.create("/x/y", .persistent) }
            #expect(parent == .noNode)
            let leaf = await fault { () throws(ZooKeeperError) in try await session.create("/e/y", .persistent) }
            #expect(leaf == .noChildrenForEphemerals)
            let full = await fault { () throws(ZooKeeperError) in try await session.delete("/a") }
            #expect(full == .notEmpty)
            let none = await fault { () throws(ZooKeeperError) in try await session.delete("/x") }
            #expect(none == .noNode)
            let old = await fault { () throws(ZooKeeperError) in try await session.setData("/a", [], version: 7) }
            #expect(old == .badVersion)
            let unread = await fault { () throws(ZooKeeperError) in try await session.data("/x") }
            #expect(unread == .noNode)
            let unlisted = await fault { () throws(ZooKeeperError) in try await session.children("/x") }
            #expect(unlisted == .noNode)
            let bad = await fault { () throws(ZooKeeperError) in try await session.create("nothing", .persistent) }
            #expect(bad == .badArguments)
            let unsure = await fault { () throws(ZooKeeperError) in
                try await session.create("/acl", .persistent, acl: ACL.creator)
            }
            #expect(unsure == .invalidACL)
            let mortal = await fault { () throws(ZooKeeperError) in
                try await session.create("/ttl", .persistentWithTimeToLive(1000))
            }
            #expect(mortal == .unimplemented)
            // The connection has survived all of them.
            #expect(session.connections == 1)
        }
    }

    /// One that is refused here and taken there would only be odd; the reverse costs a whole `multi`.
    @Test func `names are taken or not as the server does`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session { session in
            let some: [UInt32] = [
                0, 1, 0x1F, 0x20, 0x25, 0x7E, 0x7F, 0x9F, 0xA0, 0xD7FF, 0xE000, 0xF8FF, 0xF900, 0xFFEF, 0xFFF0, 0xFFFD,
                0x1_0000, 0x1_F512, 0x10_FFFF,
            ]
            for value in some {
                let name = "a\(Character(try #require(Unicode.Scalar(value))))b"
                let error = await failure { () throws(ZooKeeperError) in
                    try await session.create("/" + name, .persistent)
                }
                #expect(error?.fault == (NodePath.problem(withName: name) == nil ? nil : .badArguments), "\(value)")
            }
            // It looks for the parent first.
            for path in ["/.", "/..", "/a//b", "//", "/a/", "a", "/x/../y", "/.x"] {
                let error = await failure { () throws(ZooKeeperError) in try await session.create(path, .persistent) }
                #expect((error == nil) == (NodePath.problem(with: path) == nil), "\(path)")
            }
        }
    }

    @Test func `several operations are done all or none, and each tells its transaction`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session { session in
            let (results, zxid) = try await session.multi([
                .create(path: "/m", mode: .container), .create(path: "/m/x-", data: [7], mode: .ephemeralSequential),
                .setData(path: "/m", data: [1]), .check(path: "/m", version: 1), .delete(path: "/m/x-0000000000"),
            ])
            try #require(results.count == 5)
            guard case .changed(let changed) = results[2] else { throw TestFailure("\(results)") }
            #expect(results[0] == .created(path: "/m") && results[1] == .created(path: "/m/x-0000000000"))
            #expect(changed.version == 1 && changed.mzxid == zxid && changed.czxid == zxid)
            #expect(results[3] == .checked && results[4] == .deleted)

            let (failed, _) = try await session.multi([
                .create(path: "/n", mode: .persistent), .create(path: "/m", mode: .persistent),
                .delete(path: "/m"),
            ])
            #expect(failed == [.undone, .failed(.nodeExists), .undone])
            let absent = try await session.exists("/n")
            #expect(absent == nil)
            let (none, _) = try await session.multi([])
            #expect(none.isEmpty)
        }
    }

    @Test func `a creation and a listing go together`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session { session in
            _ = try await session.create("/q", .persistent)
            let (created, listing) = try await session.create("/q/c-", .ephemeralSequential, thenChildrenOf: "/q")
            #expect(try listing.get().children == [String(created.path.dropFirst(3))])
            let missing = await failure { () throws(ZooKeeperError) in
                try await session.create("/r/c-", .ephemeralSequential, thenChildrenOf: "/r")
            }
            #expect(missing?.fault == .noNode)
            let (_, unlisted) = try await session.create("/q/d-", .ephemeralSequential, thenChildrenOf: "/none")
            #expect(throws: ZooKeeperError.self) { try unlisted.get() }
        }
    }

    @Test func `all below the chroot`() async throws {
        let server = try await ZooKeeperServer()
        var configuration = server.configuration
        configuration.chroot = "/app/é"
        try await configuration.session { session in
            let absent = await failure { () throws(ZooKeeperError) in try await session.create("/a", .persistent) }
            #expect(absent?.fault == .noNode)
            try await session.makeRoot()
            try await session.makeRoot()
            let (path, _) = try await session.create("/a-", .ephemeralSequential)
            #expect(path == "/a-0000000000")
            let (children, _) = try await session.children("/")
            #expect(children == ["a-0000000000"])
            let (results, _) = try await session.multi([.create(path: "/m", mode: .ephemeral)])
            #expect(results == [.created(path: "/m")])
            let (_, watch) = try await session.watchExists("/m")
            try await session.delete("/m")
            #expect(await watch.event() == .deleted)
            try await server.configuration.session { whole in
                let (names, _) = try await whole.children("/app/é")
                #expect(names == ["a-0000000000"])
            }
        }
    }

    @Test func `many requests at once keep their answers apart`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session { session in
            _ = try await session.create("/many", .persistent)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let name = "/many/\(number)"
                        let (path, _) = try await session.create(name, .ephemeral, data: Array("\(number)".utf8))
                        try #require(path == name)
                        let (data, _) = try await session.data(name)
                        try #require(data == Array("\(number)".utf8))
                    }
                }
                try await group.waitForAll()
            }
            let (children, _) = try await session.children("/many")
            #expect(children.count == 500)
        }
    }

    @Test func `a session that is closed takes its nodes with it at once`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session(.seconds(10)) { witness in
            try await server.configuration.session(.seconds(10)) { session in
                _ = try await session.create("/mine", .ephemeral)
            }
            let left = try await witness.exists("/mine")
            #expect(left == nil)
        }
        let session = ZooKeeperSession(configuration: server.configuration, sessionTimeout: .seconds(4))
        try await session.running { _ in }
        guard case .closed = session.state else { throw TestFailure("\(session.state)") }
        let late = await failure { () throws(ZooKeeperError) in try await session.exists("/") }
        #expect(late?.lockError.code == .unavailable)
        var states: [SessionState] = []
        for await state in session.changes { states.append(state) }
        #expect(states.count == 2 && states.first?.isConnected == true)
    }

    @Test func `the servers decide on the session's time`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session(.milliseconds(10)) { session in
            #expect(session.negotiatedTimeout == .seconds(1))
        }
        try await server.configuration.session(.seconds(600)) { session in
            #expect(session.negotiatedTimeout == .seconds(10))
        }
    }

    @Test func `an idle session lives on`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session(.seconds(1)) { session in
            _ = try await session.create("/mine", .ephemeral)
            try await eventually("it has pinged long enough") { (session.requestsSent[.ping] ?? 0) > 8 }
            let mine = try await session.exists("/mine")
            #expect(mine?.ephemeralOwner == session.id && session.connections == 1)
        }
    }

    @Test func `a request that is too large is not sent`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session { session in
            let large = [UInt8](repeating: 1, count: 0xFFFFF)
            let error = await failure { () throws(ZooKeeperError) in
                try await session.create("/l", .persistent, data: large)
            }
            #expect(error?.lockError.code == .limitExceeded)
            _ = try await session.create("/l", .persistent, data: Array(large.dropLast(200)))
            let (data, _) = try await session.data("/l")
            #expect(data.count == 0xFFFFF - 200 && session.connections == 1)
        }
    }
}
#endif
