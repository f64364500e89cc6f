#if ZooKeeper
import Holdfast
import NIOCore
import ServerKit
import Testing

@testable import HoldfastZooKeeper

extension OneAtATime {
    struct SessionFaultTests {
        @Test func `a cut connection is made again, with the same session`() async throws {
            let server = try await ZooKeeperServer()
            let proxy = try await FaultProxy(to: server.port)
            try await proxy.configuration().session { session in
                _ = try await session.create("/mine", .ephemeral)
                let (_, watch) = try await session.watchExists("/mine")
                for round in 2..<6 {
                    let id = session.id
                    proxy.cut()
                    try await eventually("connected again") {
                        session.connections == round && session.state.isConnected
                    }
                    let mine = try await session.exists("/mine")
                    #expect(mine?.ephemeralOwner == id && session.id == id)
                }
                #expect(await watch.event() == .lost)
            }
        }

        @Test func `what was sent and not answered is unknown, and is not sent again`() async throws {
            let server = try await ZooKeeperServer()
            let proxy = try await FaultProxy(to: server.port)
            try await proxy.configuration().session { session in
                _ = try await session.create("/n", .persistent)
                proxy.replies = .drop
                async let lost = failure { () throws(ZooKeeperError) in try await session.setData("/n", [1]) }
                try await server.configuration.session { witness in
                    try await eventually("the server has done it") {
                        try await witness.exists("/n")?.version == 1
                    }
                }
                proxy.cut()
                proxy.replies = .pass
                let error = await lost
                #expect(error?.lockError.code == .unavailable && error?.isOutcomeUnknown == true)
                let stat = try await session.exists("/n")
                #expect(stat?.version == 1)
            }
        }

        @Test func `an answer that comes too late is dropped, and later ones still match`() async throws {
            let server = try await ZooKeeperServer()
            let proxy = try await FaultProxy(to: server.port)
            var bounds = ZooKeeperBounds.short
            bounds.silence = .seconds(60)
            try await proxy.configuration().session(.seconds(10), bounds: bounds) { session in
                _ = try await session.create("/n", .persistent)
                proxy.replies = .hold
                let error = await failure { () throws(ZooKeeperError) in try await session.setData("/n", [1]) }
                #expect(error?.lockError.code == .unavailable)
                async let next = session.setData("/n", [2])
                proxy.replies = .pass
                #expect(try await next.version == 2)
                for number: Int32 in 3..<100 {
                    let stat = try await session.setData("/n", [3])
                    try #require(stat.version == number)
                }
                #expect(session.connections == 1)
            }
        }

        @Test(arguments: [true, false])
        func `a half-open connection is given up within two thirds of the session`(losesRequests: Bool) async throws {
            let server = try await ZooKeeperServer()
            // The other way to the server is not open before this one is in use.
            let (proxy, other) = (try await FaultProxy(to: server.port), try await FaultProxy(to: server.port))
            other.refuses = true
            var configuration = proxy.configuration()
            configuration.servers.append(other.server)
            try await configuration.session(.seconds(3)) { session in
                _ = try await session.create("/mine", .ephemeral)
                other.refuses = false
                if losesRequests { proxy.requests = .drop } else { proxy.replies = .drop }
                let start = ContinuousClock.now
                try await eventually("served again", within: .milliseconds(2900)) { session.connections == 2 }
                #expect(ContinuousClock.now - start > .milliseconds(900))
                let mine = try await session.exists("/mine")
                #expect(mine?.ephemeralOwner == session.id)
            }
        }

        @Test func `a slow drip of bytes is put together`() async throws {
            let server = try await ZooKeeperServer()
            let proxy = try await FaultProxy(to: server.port)
            (proxy.requests, proxy.replies) = (.split(1), .split(1))
            try await proxy.configuration().session { session in
                let (path, _) = try await session.create("/mine-", .ephemeralSequential)
                for _ in 0..<20 {
                    let (children, _) = try await session.children("/")
                    #expect(Set(children) == [String(path.dropFirst()), "zookeeper"])
                }
            }
        }

        @Test func `a server that takes connections and says nothing is left for the other one`() async throws {
            let server = try await ZooKeeperServer()
            let hole = try await FaultProxy(to: server.port)
            hole.replies = .drop
            var configuration = server.configuration
            configuration.servers = [hole.server, server.server]
            for _ in 0..<4 {
                try await configuration.session(.seconds(2)) { session in
                    let stat = try await session.exists("/")
                    #expect(stat != nil)
                }
            }
        }

        @Test func `a server that is not there yet is found when it comes`() async throws {
            let server = try await ZooKeeperServer()
            server.kill()
            let session = ZooKeeperSession(configuration: server.configuration, sessionTimeout: .seconds(10))
            try await session.running(connects: false) { session in
                let error = await failure { () throws(ZooKeeperError) in try await session.exists("/") }
                #expect(error?.lockError.code == .unavailable)
                #expect("\(String(describing: error))".contains("refuses connections"))
                try await server.start()
                try await eventually("connected", within: .seconds(5)) { session.state.isConnected }
                let id = session.id
                server.kill()
                try await eventually("the loss is known") { !session.state.isConnected }
                try await server.start()
                try await eventually("connected again", within: .seconds(5)) { session.state.isConnected }
                #expect(session.id == id)
            }
        }

        @Test func `a session that has expired is over, with all that waits`() async throws {
            let server = try await ZooKeeperServer()
            let proxy = try await FaultProxy(to: server.port)
            let session = ZooKeeperSession(configuration: proxy.configuration(), sessionTimeout: .seconds(1))
            try await session.running { session in
                _ = try await session.create("/mine", .ephemeral)
                proxy.refuses = true
                proxy.cut()
                try await server.configuration.session { witness in
                    try await eventually("the server has given it up") { try await witness.exists("/mine") == nil }
                }
                async let parked = failure { () throws(ZooKeeperError) in try await session.exists("/mine") }
                proxy.refuses = false
                try await eventually("it is over") { session.state.isFinal }
                guard case .expired = session.state else { throw TestFailure("\(session.state)") }
                let late = await failure { () throws(ZooKeeperError) in try await session.exists("/mine") }
                #expect(late?.fault == .sessionExpired)
                #expect(await parked?.fault == .sessionExpired)
            }
        }

        /// Two servers that know nothing of each other: the younger lags behind what the session has seen.
        @Test func `a server that is behind is refused, by itself`() async throws {
            let old = try await ZooKeeperServer()
            let young = try await ZooKeeperServer()
            var configuration = old.configuration
            configuration.servers = [old.server]
            let proxy = try await FaultProxy(to: old.port)
            configuration.servers = [proxy.server, young.server]
            try await old.configuration.session { session in
                for _ in 0..<5 { _ = try await session.create("/n-", .persistentSequential) }
            }
            let session = ZooKeeperSession(configuration: configuration, sessionTimeout: .seconds(4), bounds: .short)
            young.pause()
            try await session.running { session in
                _ = try await session.exists("/")
                let id = session.id
                young.resume()
                proxy.refuses = true
                proxy.cut()
                try await eventually("the young one was asked") { young.log.contains("has seen zxid") }
                let error = await failure { () throws(ZooKeeperError) in try await session.exists("/") }
                #expect(error?.lockError.code == .unavailable)
                proxy.refuses = false
                try await eventually("back at the old one") { session.state.isConnected }
                #expect(session.id == id)
            }
        }

        @Test func `a cancelled caller returns at once, and the answers stay in step`() async throws {
            let server = try await ZooKeeperServer()
            let proxy = try await FaultProxy(to: server.port)
            try await proxy.configuration().session(.seconds(10)) { session in
                proxy.replies = .hold
                let deaf = Found<Stat>()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<50 {
                        group.addTask {
                            let error = await failure { () throws(ZooKeeperError) in try await session.exists("/") }
                            #expect(error?.lockError.code == .cancelled)
                        }
                    }
                    group.addTask { deaf.value = try await session.exists("/", isCancellable: false) }
                    try await eventually("all have asked") { session.requestsSent[.exists] == 51 }
                    group.cancelAll()
                    proxy.replies = .pass
                    try await group.waitForAll()
                }
                #expect(deaf.value != nil)
                let (_, stat) = try await session.children("/")
                #expect(stat.childCount == 1 && session.connections == 1)
            }
        }
    }
}
#endif
