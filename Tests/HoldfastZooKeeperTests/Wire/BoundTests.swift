#if ZooKeeper
import Holdfast
import NIOCore
import ServerKit
import Testing

@testable import HoldfastZooKeeper

extension OneAtATime {
    struct BoundTests {
        @Test func `a listing of more than a megabyte is read, and one beyond the bound ends the connection`()
            async throws
        {
            let server = try await ZooKeeperServer()
            let name = String(repeating: "n", count: 240)
            try await server.configuration.session(.seconds(10)) { session in
                _ = try await session.create("/many", .persistent)
                for _ in 0..<50 {
                    let part = Operation.create(path: "/many/\(name)", mode: .persistentSequential)
                    let (results, _) = try await session.multi([Operation](repeating: part, count: 100))
                    try #require(results.count == 100)
                }
                let (children, stat) = try await session.children("/many")
                #expect(children.count == 5000 && stat.childCount == 5000)
                #expect(children.allSatisfy { $0.hasPrefix(name) && $0.utf8.count == 250 })
                #expect(session.connections == 1)
            }
            var bounds = ZooKeeperBounds()
            bounds.replyBytes = 1_000_000
            try await server.configuration.session(.seconds(10), bounds: bounds) { session in
                let error = await failure { () throws(ZooKeeperError) in try await session.children("/many") }
                #expect(error?.lockError.code == .unavailable)
                #expect("\(String(describing: error))".contains("at most 1000000"), "\(String(describing: error))")
                let stat = try await session.exists("/many")
                #expect(stat?.childCount == 5000 && session.connections == 2)
            }
        }

        @Test func `requests beyond the bound are refused, and room comes back`() async throws {
            let server = try await ZooKeeperServer()
            let proxy = try await FaultProxy(to: server.port)
            var bounds = ZooKeeperBounds()
            bounds.pendingRequests = 8
            try await proxy.configuration().session(.seconds(10), bounds: bounds) { session in
                for isCut in [false, true] {
                    if isCut {
                        proxy.refuses = true
                        proxy.cut()
                        try await eventually("the loss is known") { !session.state.isConnected }
                    } else {
                        proxy.replies = .hold
                    }
                    try await withThrowingTaskGroup(of: LockError.Code?.self) { group in
                        for _ in 0..<20 {
                            group.addTask {
                                await failure { () throws(ZooKeeperError) in try await session.exists("/") }?
                                    .lockError.code
                            }
                        }
                        for _ in 0..<12 { #expect(try await group.next() == .limitExceeded) }
                        (proxy.replies, proxy.refuses) = (.pass, false)
                        for try await code in group { #expect(code == nil) }
                    }
                }
            }
        }

        @Test func `what a server does not mean is no answer`() async throws {
            for text in ["HTTP/1.1 400 Bad Request\r\n\r\n", "\0\0\0\u{4}abcd", "\u{7F}\u{7F}\u{7F}\u{7F}", "\0\0"] {
                let liar = try await Liar(says: text)
                let session = ZooKeeperSession(
                    configuration: ZooKeeperConfiguration(host: "127.0.0.1", port: liar.port),
                    sessionTimeout: .seconds(1), bounds: .short)
                try await session.running(connects: false) { session in
                    let error = await failure { () throws(ZooKeeperError) in try await session.exists("/") }
                    #expect(error?.lockError.code == .unavailable)
                    try await eventually("it has tried again") { liar.accepted > 1 }
                    #expect(session.connections == 0 && !session.state.isFinal)
                }
            }
        }

        @Test func `a server that greets and then talks nonsense is not asked without end`() async throws {
            // 3.84 s for the session 1, a password of zeros; then a frame that is too long.
            let zeros = { String(repeating: "\0", count: $0) }
            let greeting = "\(zeros(3))%\(zeros(6))\u{F}\(zeros(8))\u{1}\(zeros(3))\u{10}\(zeros(17))"
            let liar = try await Liar(says: greeting + "\u{7F}\u{7F}\u{7F}\u{7F}")
            let session = ZooKeeperSession(
                configuration: ZooKeeperConfiguration(host: "127.0.0.1", port: liar.port), sessionTimeout: .seconds(4))
            try await session.running(connects: false) { session in
                let start = ContinuousClock.now
                try await eventually("it has tried again") { session.connections > 3 }
                #expect(ContinuousClock.now - start > .milliseconds(150))
                #expect(session.connections < 8 && session.negotiatedTimeout == .milliseconds(3840))
            }
        }

        @Test func `a name that is not there, and a session that nobody runs, are told`() async throws {
            let configuration = ZooKeeperConfiguration(host: "no-such-host.invalid")
            let session = ZooKeeperSession(configuration: configuration, sessionTimeout: .seconds(2), bounds: .short)
            let idle = await failure { () throws(ZooKeeperError) in try await session.exists("/") }
            #expect(idle?.lockError.code == .unavailable && "\(String(describing: idle))".contains("run()"))
            try await session.running(connects: false) { session in
                try await eventually("the reason is known") {
                    let error = await failure { () throws(ZooKeeperError) in try await session.exists("/") }
                    return "\(String(describing: error))".contains("no-such-host.invalid:2181 cannot be found")
                }
            }
        }
    }
}
#endif
