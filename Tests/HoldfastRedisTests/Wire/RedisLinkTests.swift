#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    struct RedisLinkTests {
        @Test(arguments: RedisServer.Binary.allCases)
        func `a thousand tasks get their own answers`(binary: RedisServer.Binary) async throws {
            let server = try await RedisServer(binary)
            try await server.linked { link in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for task in 0..<1_000 {
                        group.addTask {
                            for round in 0..<20 {
                                let text = "\(task)-\(round)"
                                let answer = try await link.send(RedisCommand("ECHO", text))
                                try #require(answer.text == text)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let connections = try server.command("INFO", "stats").text ?? ""
            #expect(connections.contains("total_connections_received:"))
        }

        @Test func `commands of one batch are adjacent on the wire`() async throws {
            let server = try await RedisServer()
            try await server.linked { link in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for task in 0..<100 {
                        group.addTask {
                            let values = try await link.send([
                                RedisCommand("SET", "shared", "\(task)"), RedisCommand("ECHO", "x"),
                                RedisCommand("NOSUCH"), RedisCommand("GET", "shared"),
                            ])
                            try #require(values.count == 4 && values[0].text == "OK" && values[3].text == "\(task)")
                            guard case .error(let text) = values[2] else { throw TestFailure("no error") }
                            try #require(text.hasPrefix("ERR unknown command"))
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }

        @Test(arguments: ["", "rename-command HELLO \"\""])
        func `pushes come between replies, also without version 3`(line: String) async throws {
            let server = try await RedisServer(config: line)
            let heard = Heard()
            try await server.linked(onPush: heard.push) { link in
                _ = try await link.send(.subscribe(["one", "two"]))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for task in 0..<200 {
                        group.addTask {
                            _ = try await link.send(
                                RedisCommand("PUBLISH", task.isMultiple(of: 2) ? "one" : "two", "\(task)"))
                            let echo = try await link.send(RedisCommand("ECHO", "\(task)"))
                            try #require(echo.text == "\(task)")
                        }
                    }
                    try await group.waitForAll()
                }
                try await eventually("all messages") { heard.messages.count == 200 }
                #expect(Set(heard.messages) == Set((0..<200).map(String.init)))
                _ = try await link.send(.unsubscribe(["one", "two"]))
                let receivers = try await link.send(RedisCommand("PUBLISH", "one", "late"))
                #expect(receivers.int == 0)
            }
        }

        @Test func `a user and a password of the access control list`() async throws {
            let server = try await RedisServer(config: "user locks on >SeCrEt ~lock:* &* +@all")
            var configuration = server.configuration
            configuration.credentials = .init(user: "locks", password: "SeCrEt")
            try await server.linked(configuration) { link in
                let me = try await link.send(RedisCommand("ACL", "WHOAMI"))
                #expect(me.text == "locks")
                let name = try await link.send(RedisCommand("CLIENT", "GETNAME"))
                #expect(name.text == "holdfast")
                let denied = await failure { () throws(LockError) in try await link.send(RedisCommand("GET", "other")) }
                #expect(denied?.code == .denied)
            }
        }

        @Test(arguments: ["", "rename-command HELLO \"\"", "rename-command AUTH \"\""], ["user", nil])
        func `a wrong password is denied at once, and not shown`(line: String, user: String?) async throws {
            let server = try await RedisServer(config: "requirepass other", line)
            var configuration = server.configuration
            configuration.credentials = .init(user: user, password: "SeCrEt")
            try await server.linked(configuration) { link in
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                #expect(error?.code == .denied)
                let again = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                #expect(again?.code == .denied)
                let shown = "\(String(describing: error)) \(String(reflecting: again)) \(link.configuration)"
                #expect(!shown.contains("SeCrEt"))
            }
        }

        @Test func `no password where one is wanted is denied`() async throws {
            let server = try await RedisServer(config: "requirepass other")
            try await server.linked { link in
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                #expect(error?.code == .denied)
            }
        }

        @Test func `the database is selected again on every connection`() async throws {
            let server = try await RedisServer()
            var configuration = server.configuration
            configuration.database = 5
            try await server.linked(configuration) { link in
                for round in 0..<3 {
                    try await eventually("it is connected") { link.sessionNumber == UInt64(round + 1) }
                    _ = try await link.send(RedisCommand("SET", "round-\(round)", "x"))
                    try server.command("CLIENT", "KILL", "TYPE", "normal")
                    try await eventually("it is cut") { link.sessionNumber != UInt64(round + 1) }
                }
                let size = try await link.send(RedisCommand("DBSIZE"))
                #expect(size.int == 3)
            }
            #expect(try server.command("DBSIZE").int == 0)
        }

        @Test func `a database that there is not is an error that says so`() async throws {
            let server = try await RedisServer()
            var configuration = server.configuration
            configuration.database = 99
            try await server.linked(configuration) { link in
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                #expect(error?.code == .invalidArgument && error?.message.contains("SELECT 99") == true)
            }
        }

        @Test(arguments: RedisServer.Binary.allCases)
        func `a Unix socket`(binary: RedisServer.Binary) async throws {
            let server = try await RedisServer(binary)
            try await server.linked(RedisConfiguration(endpoint: .unix(path: server.socket))) { link in
                let answer = try await link.send(RedisCommand("PING"))
                #expect(answer.text == "PONG")
            }
        }

        @Test func `ten megabytes in one reply`() async throws {
            let server = try await RedisServer()
            try await server.linked { link in
                let text = String(repeating: "0123456789abcdef", count: 655_360)
                _ = try await link.send(RedisCommand("SET", "big", text))
                async let big = link.send(RedisCommand("GET", "big"))
                async let small = link.send(RedisCommand("ECHO", "small"))
                let (first, second) = try await (big, small)
                #expect(first.text == text && second.text == "small")
            }
        }

        @Test func `a hook runs first on each connection, and the server is known`() async throws {
            let server = try await RedisServer()
            let heard = Heard()
            try await server.linked(
                onConnect: { session throws(LockError) in
                    heard.session(session.number)
                    _ = try await session.send(RedisCommand("SET", "hook", session.server.version))
                    _ = try await session.send(.subscribe(["channel-\(session.number)"]))
                }
            ) { link in
                let value = try await link.send(RedisCommand("GET", "hook"))
                #expect(value.text?.isEmpty == false)
                try server.command("CLIENT", "KILL", "TYPE", "pubsub")
                try await eventually("it is connected anew") { link.sessionNumber == 2 }
                let receivers = try await link.send(RedisCommand("PUBLISH", "channel-2", "x"))
                #expect(receivers.int == 1 && heard.sessions == [1, 2])
            }
        }

        @Test func `a subscription that is refused harms nothing`() async throws {
            let server = try await RedisServer(config: "user locks on >pw ~* resetchannels &mine +@all")
            var configuration = server.configuration
            configuration.credentials = .init(user: "locks", password: "pw")
            try await server.linked(configuration) { link in
                async let refused = failure { () throws(LockError) in try await link.send(.subscribe(["other"])) }
                async let echo = link.send(RedisCommand("ECHO", "x"))
                let (error, text) = try await (refused, echo.text)
                #expect(error?.code == .denied && text == "x")
                _ = try await link.send(.subscribe(["mine"]))
                let receivers = try await link.send(RedisCommand("PUBLISH", "mine", "x"))
                #expect(receivers.int == 1)
            }
        }
    }
}
#endif
