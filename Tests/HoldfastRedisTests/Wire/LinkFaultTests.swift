#if Redis
import Foundation
import Holdfast
import NIOCore
import ServerKit
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    struct LinkFaultTests {
        @Test func `an answer that comes too late is dropped, and later ones still match`() async throws {
            let server = try await RedisServer()
            let proxy = try await FaultProxy(to: server.port)
            var bounds = LinkBounds.short
            bounds.silence = .seconds(60)
            try await server.linked(proxy.configuration, bounds: bounds) { link in
                _ = try await link.send(RedisCommand("PING"))
                proxy.replies = .hold
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("INCR", "n")) }
                #expect(error?.code == .unavailable && error?.isOutcomeUnknown == true)
                async let next = link.send(RedisCommand("ECHO", "next"))
                proxy.replies = .pass
                #expect(try await next.text == "next")
                for number in 0..<100 {
                    let answer = try await link.send(RedisCommand("ECHO", "\(number)"))
                    try #require(answer.text == "\(number)")
                }
                // Done once: nothing is sent again.
                let answer1 = try await link.send(RedisCommand("GET", "n"))
                #expect(answer1.text == "1")
                #expect(link.sessionNumber == 1)
            }
        }

        @Test func `a half-open connection is given up, with all that waits on it`() async throws {
            let server = try await RedisServer()
            let proxy = try await FaultProxy(to: server.port)
            try await server.linked(proxy.configuration, bounds: .short) { link in
                _ = try await link.send(RedisCommand("PING"))
                proxy.replies = .drop
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                #expect(error?.code == .unavailable)
                try await eventually("it is given up", within: .seconds(4)) { link.sessionNumber != 1 }
                proxy.replies = .pass
                try await eventually("it is back", within: .seconds(4)) { (link.sessionNumber ?? 0) > 1 }
                let answer2 = try await link.send(RedisCommand("ECHO", "x"))
                #expect(answer2.text == "x")
            }
        }

        @Test func `an idle connection that is cut without a word is noticed`() async throws {
            let server = try await RedisServer()
            let proxy = try await FaultProxy(to: server.port)
            try await server.linked(proxy.configuration, bounds: .short) { link in
                _ = try await link.send(RedisCommand("PING"))
                proxy.requests = .drop
                try await eventually("it is given up", within: .seconds(5)) { link.sessionNumber != 1 }
            }
        }

        @Test func `a server that is killed and comes back is found again`() async throws {
            let server = try await RedisServer()
            try await server.linked { link in
                _ = try await link.send(RedisCommand("PING"))
                async let waiting = failure { () throws(LockError) in
                    try await link.send(RedisCommand("BLPOP", "nothing", "0"))
                }
                try await eventually("it waits") {
                    try server.command("INFO", "clients").text?.contains("blocked_clients:1") == true
                }
                server.kill()
                let lost = await waiting
                #expect(lost?.code == .unavailable)
                try await eventually("the loss is known") { link.sessionNumber == nil }
                async let parked = link.send(RedisCommand("PING"))
                try await server.start()
                let start = ContinuousClock.now
                // One parked request may have run into its time-out while the server started.
                _ = try? await parked
                try await eventually("connected", within: .seconds(5)) { link.sessionNumber != nil }
                #expect(ContinuousClock.now - start < .seconds(4))
                let answer3 = try await link.send(RedisCommand("PING"))
                #expect(answer3.text == "PONG")
            }
        }

        @Test func `without a server the last failure is the cause`() async throws {
            let port = try FreePort.find()
            var bounds = LinkBounds.short
            bounds.requestTimeout = .milliseconds(500)
            let link = RedisLink(configuration: RedisConfiguration(host: "127.0.0.1", port: port), bounds: bounds)
            try await link.running { link in
                let start = ContinuousClock.now
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                #expect(error?.code == .unavailable)
                #expect("\(String(describing: error))".contains("refuses connections"))
                #expect(ContinuousClock.now - start < .seconds(3))
            }
        }

        @Test func `a host that there is not`() async throws {
            let link = RedisLink(configuration: RedisConfiguration(host: "no-such-host.invalid"), bounds: .short)
            try await link.running { link in
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                #expect(error?.code == .unavailable)
            }
        }

        @Test func `a cancelled caller returns at once, and the answers stay in step`() async throws {
            let server = try await RedisServer()
            let proxy = try await FaultProxy(to: server.port)
            var bounds = LinkBounds()
            bounds.requestTimeout = .seconds(30)
            bounds.silence = .seconds(60)
            try await server.linked(proxy.configuration, bounds: bounds) { link in
                _ = try await link.send(RedisCommand("PING"))
                proxy.replies = .hold
                let deaf = Found<String>()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            let error = await failure { () throws(LockError) in
                                try await link.send(RedisCommand("ECHO", "\(number)"))
                            }
                            // The server has it.
                            try #require(error?.code == .cancelled && error?.wasNeverSent == false)
                        }
                    }
                    group.addTask {
                        let answer = try await link.sendUncancelled(RedisCommand("ECHO", "deaf"))
                        deaf.value = answer.text
                    }
                    try await eventually("all are sent") { try (server.calls()["echo"] ?? 0) == 51 }
                    group.cancelAll()
                    // All but the deaf one.
                    for _ in 0..<50 { try await group.next() }
                    #expect(deaf.value == nil)
                    proxy.replies = .pass
                    try await group.waitForAll()
                }
                #expect(deaf.value == "deaf")
                let answer4 = try await link.send(RedisCommand("ECHO", "after"))
                #expect(answer4.text == "after")
                #expect(link.sessionNumber == 1)
            }
        }

        @Test func `what is cancelled before there is a connection was never sent, and never is`() async throws {
            let server = try await RedisServer()
            let proxy = try await FaultProxy(to: server.port)
            proxy.replies = .hold
            try await server.linked(proxy.configuration) { link in
                await withTaskGroup(of: LockError?.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            await failure { () throws(LockError) in
                                try await link.send(RedisCommand("ECHO", "\(number)"))
                            }
                        }
                    }
                    group.cancelAll()
                    for await error in group { #expect(error?.code == .cancelled && error?.wasNeverSent == true) }
                }
                proxy.replies = .pass
                let answer = try await link.send(RedisCommand("ECHO", "after"))
                #expect(answer.text == "after")
            }
            #expect(try server.calls()["echo"] == 1)
        }

        @Test func `a server that hangs is unavailable, and goes on where it was`() async throws {
            let server = try await RedisServer()
            var bounds = LinkBounds.short
            bounds.silence = .seconds(30)
            try await server.linked(bounds: bounds) { link in
                _ = try await link.send(RedisCommand("PING"))
                server.pause()
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("INCR", "n")) }
                #expect(error?.code == .unavailable)
                server.resume()
                let answer5 = try await link.send(RedisCommand("GET", "n"))
                #expect(answer5.text == "1")
            }
        }

        @Test func `without version 3 both sockets end together, and come back together`() async throws {
            let server = try await RedisServer(config: "rename-command HELLO \"\"")
            let heard = Heard()
            try await server.linked(
                onPush: heard.push,
                onConnect: { session throws(LockError) in
                    #expect(!session.server.version3)
                    heard.session(session.number)
                    _ = try await session.send(.subscribe(["mine"]))
                }
            ) { link in
                for (round, kind) in ["pubsub", "normal", "pubsub"].enumerated() {
                    try await eventually("it is connected") { link.sessionNumber == UInt64(round + 1) }
                    let receivers = try await link.send(RedisCommand("PUBLISH", "mine", "\(round)"))
                    #expect(receivers.int == 1)
                    try await eventually("it is heard") { heard.messages.count == round + 1 }
                    try server.command("CLIENT", "KILL", "TYPE", kind)
                }
                try await eventually("it is connected") { link.sessionNumber == 4 }
                #expect(heard.sessions == [1, 2, 3, 4])
                let clients = try server.command("CLIENT", "LIST").text ?? ""
                #expect(clients.components(separatedBy: "name=holdfast").count == 3)
            }
        }

        @Test func `what does not speak the protocol is left`() async throws {
            let liar = try await Liar(says: "HTTP/1.1 400 Bad Request\r\n\r\n")
            let link = RedisLink(
                configuration: RedisConfiguration(host: "127.0.0.1", port: liar.port), bounds: .short)
            try await link.running { link in
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                #expect("\(String(describing: error))".contains("does not speak the protocol"))
            }
        }

        @Test func `run returns at once when cancelled, also while it connects`() async throws {
            let liar = try await Liar(says: "")
            var bounds = LinkBounds()
            bounds.connectTimeout = .seconds(60)
            let silent = RedisLink(
                configuration: RedisConfiguration(host: "127.0.0.1", port: liar.port), bounds: bounds)
            let start = ContinuousClock.now
            try await silent.running { link in
                try await eventually("it is greeted") { liar.accepted > 0 }
                #expect(link.sessionNumber == nil)
            }
            #expect(ContinuousClock.now - start < .seconds(5))
        }

        @Test func `a demoted master is left`() async throws {
            let (master, replica) = (try await RedisServer(), try await RedisServer())
            try await replica.linked(bounds: .short) { link in
                _ = try await link.send(RedisCommand("SET", "a", "1"))
                try await replica.follow(master)
                let before = link.sessionNumber ?? 0
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("SET", "a", "2")) }
                #expect(error?.code == .unavailable)
                #expect(error?.message.contains("replica") == true)
                try await eventually("a new connection") { (link.sessionNumber ?? 0) > before }
                try replica.command("REPLICAOF", "NO", "ONE")
                _ = try await link.send(RedisCommand("SET", "a", "3"))
            }
        }

        @Test func `a server without room for clients says so`() async throws {
            let server = try await RedisServer(config: "maxclients 3")
            let crowd = try (0..<3).map { _ in try RawConnection(unix: server.socket) }
            for wire in crowd { _ = try? wire.command(["PING"]) }
            try await server.linked(bounds: .short) { link in
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                #expect(error?.code == .unavailable)
                #expect("\(String(describing: error))".contains("maxclients"))
            }
            withExtendedLifetime(crowd) {}
        }

        @Test func `the end of run closes the socket and tells all that wait`() async throws {
            let server = try await RedisServer()
            let link = RedisLink(configuration: server.configuration)
            let waiter = Found<LockError>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let error = await failure { () throws(LockError) in
                        try await link.send(RedisCommand("BLPOP", "nothing", "0"))
                    }
                    waiter.value = error
                }
                try await link.running { link in
                    try await eventually("it waits") {
                        try server.command("INFO", "clients").text?.contains("blocked_clients:1") == true
                    }
                }
                try await group.waitForAll()
            }
            #expect(waiter.value?.code == .unavailable)
            let late = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
            #expect(late?.code == .notRunning)
            try await eventually("the server has no client but this one") {
                try server.command("CLIENT", "LIST").text?.contains("name=holdfast") == false
            }
        }

        @Test func `a link that is not run says so`() async throws {
            let link = RedisLink(configuration: RedisConfiguration(host: "127.0.0.1", port: 1), bounds: .short)
            let error = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
            #expect(error?.code == .unavailable && error?.message.contains("run()") == true)
        }

        @Test func `more requests than the bound are refused, not queued`() async throws {
            let server = try await RedisServer()
            var bounds = LinkBounds()
            bounds.pendingRequests = 10
            try await server.linked(bounds: bounds) { link in
                _ = try await link.send(RedisCommand("PING"))
                server.pause()
                let refused = await withTaskGroup(of: LockError?.self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                        }
                    }
                    var codes: [LockError.Code] = []
                    for _ in 0..<10 { if let error = await group.next() ?? nil { codes.append(error.code) } }
                    server.resume()
                    // The answer of the first PING may not have been counted yet.
                    var late = 0
                    for await error in group where error != nil { late += 1 }
                    #expect(late <= 1)
                    return codes
                }
                #expect(refused == Array(repeating: .limitExceeded, count: 10))
                try await eventually("there is room again") {
                    await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) } == nil
                }
            }
        }

        @Test func `replies byte by byte`() async throws {
            let server = try await RedisServer()
            let proxy = try await FaultProxy(to: server.port)
            proxy.replies = .split(1)
            try await server.linked(proxy.configuration) { link in
                for number in 0..<20 {
                    let values = try await link.send([
                        RedisCommand("ECHO", "\(number)"), RedisCommand("HELLO"), RedisCommand("CONFIG", "GET", "max*"),
                    ])
                    #expect(values[0].text == "\(number)" && values[1]["proto"]?.int == 3 && values[2].elements != nil)
                }
            }
        }
    }
}

extension FaultProxy {
    var configuration: RedisConfiguration { RedisConfiguration(host: "127.0.0.1", port: port) }
}
#endif
