#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

/// A stale holder's write, refused by Redis itself.
@Suite(.timeLimit(.minutes(1))) struct RedisFenceTests {
    private func token(_ number: Int64) throws -> FencingToken { try #require(FencingToken(rawValue: number)) }

    private func run(
        _ server: RedisServer, _ command: String, _ arguments: String..., token: Int64, mode: LockMode = .exclusive,
        on key: String = "stock:42"
    ) throws -> RESPValue {
        let words = try RedisFence.command(command, arguments, on: key, token: self.token(token), mode: mode)
        return try RawConnection(unix: server.socket).command(words)
    }

    private func isRefused(_ answer: RESPValue) -> Bool {
        if case .error(let text) = answer { text.hasPrefix(RedisFence.refusal + " ") } else { false }
    }

    @Test(arguments: RedisServer.Binary.allCases)
    func `older tokens are refused, and greater ones remembered`(_ binary: RedisServer.Binary) async throws {
        let server = try await RedisServer(binary)
        #expect(try run(server, "SET", "a", token: 9).text == "OK")
        #expect(try run(server, "SET", "b", token: 10).text == "OK")
        #expect(isRefused(try run(server, "SET", "c", token: 9)))
        #expect(isRefused(try run(server, "DEL", token: 9)))
        #expect(try run(server, "GET", token: 10).text == "b")
        // Whoever reads under a lock keeps the earlier ones out, too.
        #expect(try run(server, "GET", token: 11).text == "b")
        #expect(isRefused(try run(server, "SET", "d", token: 10)))
        #expect(try server.command("GET", RedisFence.fence(of: "stock:42")).text == "11")
        #expect(try run(server, "DEL", token: 11) == .integer(1))
        #expect(isRefused(try run(server, "SET", "e", token: 10)))
        #expect(try server.command("PTTL", RedisFence.fence(of: "stock:42")).int == -1)
    }

    @Test func `any command on one key is done, with its answer and its error`() async throws {
        let server = try await RedisServer()
        #expect(try run(server, "HSET", "a", "1", "b", "2", token: 5) == .integer(2))
        #expect(try run(server, "HMGET", "a", "c", "b", token: 5).elements?.map(\.text) == ["1", nil, "2"])
        #expect(try run(server, "GET", token: 6).text == nil)
        // What was not done moves no fence.
        #expect(try server.command("GET", RedisFence.fence(of: "stock:42")).text == "5")
        let many = (0..<1000).map { "\($0)" }
        let words = try RedisFence.command("RPUSH", many, on: "list", token: token(1))
        #expect(try RawConnection(unix: server.socket).command(words) == .integer(1000))
    }

    @Test func `the tokens of readers are checked and not stored`() async throws {
        let server = try await RedisServer()
        #expect(try run(server, "SET", "a", token: 9).text == "OK")
        #expect(try run(server, "INCR", token: 11, mode: .shared, on: "reads") == .integer(1))
        #expect(try run(server, "INCR", token: 10, mode: .shared, on: "reads") == .integer(2))
        #expect(isRefused(try run(server, "GET", token: 8, mode: .shared)))
        #expect(try server.command("EXISTS", RedisFence.fence(of: "reads")).int == 0)
    }

    @Test(arguments: [
        (9, 10), (9_007_199_254_740_992, 9_007_199_254_740_993), (999_999_999_999_999_999, 1_000_000_000_000_000_000),
        (Int64.max - 1, Int64.max),
    ]) func `tokens are compared exactly`(_ older: Int64, _ newer: Int64) async throws {
        let server = try await RedisServer()
        #expect(try run(server, "SET", "a", token: older).text == "OK")
        #expect(try run(server, "SET", "b", token: newer).text == "OK")
        #expect(isRefused(try run(server, "SET", "c", token: older)))
        #expect(try server.command("GET", "stock:42").text == "b")
        #expect(try server.command("GET", RedisFence.fence(of: "stock:42")).text == "\(newer)")
    }

    @Test(arguments: [
        ["2", "k", "f", "", "exclusive", "SET", "v"], ["2", "k", "f", "1.5", "exclusive", "SET", "v"],
        ["2", "k", "f", "01", "exclusive", "SET", "v"], ["2", "k", "f", "-1", "exclusive", "SET", "v"],
        ["2", "k", "f", "12345678901234567890", "exclusive", "SET", "v"],
        ["2", "k", "k", "1", "exclusive", "SET", "v"],
        ["1", "k", "1", "exclusive", "SET", "v"], ["2", "k", "f", "1", "permits", "SET", "v"],
        ["2", "k", "f", "1", "exclusive"], ["2", "k", "f"], ["2", "k", "wrong", "1", "exclusive", "SET", "v"],
    ]) func `a call that is none is refused, and does nothing`(_ words: [String]) async throws {
        let server = try await RedisServer()
        try server.command("SET", "wrong", "text")
        let answer = try RawConnection(unix: server.socket).command(["EVAL", RedisFence.script] + words)
        guard case .error(let text) = answer else { throw TestFailure("\(words): \(answer)") }
        #expect(text.hasPrefix("ERR ") && !text.contains("user_script"), "\(text)")
        #expect(try server.command("EXISTS", "k", "f").int == 0)
    }

    @Test func `the fence stands in the slot of its key, and the digest is the server's`() async throws {
        let server = try await RedisServer(lines: [], isClusterNode: true)
        for key in ["stock:42", "{stock}:42", "a{b", "{a}{b}"] {
            let slots = try [key, RedisFence.fence(of: key)].map { try server.command("CLUSTER", "KEYSLOT", $0).int }
            #expect(slots[0] != nil && slots[0] == slots[1], "\(key)")
        }
        #expect(try server.command("SCRIPT", "LOAD", RedisFence.script).text == RedisFence.digest)
    }

    @Test func `permits have no fence`() throws {
        let error = #expect(throws: LockError.self) {
            try RedisFence.command("GET", on: "k", token: token(1), mode: .permits(1, of: 2))
        }
        #expect(error?.code == .unsupported)
    }
}
#endif
