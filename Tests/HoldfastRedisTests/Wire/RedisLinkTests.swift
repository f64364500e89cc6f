#if Redis
import Holdfast
import Testing

@testable import HoldfastRedis

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
    }
}

extension RedisServer {
    /// Runs a link to this server around `body`.
    func linked(
        _ configuration: RedisConfiguration? = nil, bounds: LinkBounds? = nil,
        onPush: @escaping RedisLink.OnPush = { _ in },
        onConnect: @escaping RedisLink.OnConnect = { _ throws(LockError) in },
        _ body: @Sendable (RedisLink) async throws -> Void
    ) async throws {
        let link = RedisLink(
            configuration: configuration ?? self.configuration, bounds: bounds, onPush: onPush, onConnect: onConnect)
        try await link.running(body)
    }
}

extension RedisLink {
    /// Runs this link around `body`.
    func running(_ body: @Sendable (RedisLink) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.run() }
            do { try await body(self) } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
#endif
