#if Redis
import Holdfast
import NIOCore
import Testing

@testable import HoldfastRedis

/// What `holdfast bench` compares with, and the thread on which it runs its workers.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(1))) struct BareStoreTests {
        @Test func `a bare cycle is two requests and leaves nothing, a bare push is the server's`() async throws {
            let server = try await RedisServer()
            try await server.backends { backends in
                let backend = backends[0]
                try await backend.bareCycle(1)
                #expect(try server.keysLeft().isEmpty)
                _ = try server.command("CONFIG", "RESETSTAT")
                for number: UInt64 in 1...10 { try await backend.bareCycle(number) }
                let took = try await backend.barePush(7)
                #expect(took > .zero && took < .seconds(10))
                let stats = try #require(try server.command("INFO", "commandstats").text)
                #expect(stats.contains("cmdstat_evalsha:calls=20,"))
                #expect(stats.contains("cmdstat_publish:calls=1,"))
            }
        }

        @Test func `a task that prefers the client's executor has its locks on the connection's own thread`()
            async throws
        {
            let server = try await RedisServer()
            try await LockClient.withClient(backend: try RedisBackend(server.configuration)) { client in
                let executor = try #require(client.executor)
                let (before, within) = try await withTaskExecutorPreference(executor) {
                    let owned = try await client.acquire("k")
                    let before = RedisLoop.shared.inEventLoop
                    try await owned.release()
                    // The body's task prefers what its caller prefers.
                    let within = try await client.withLock("k") { _ in RedisLoop.shared.inEventLoop }
                    return (before, within)
                }
                #expect(before && within)
                let without = try await client.withLock("k") { _ in RedisLoop.shared.inEventLoop }
                #expect(!without)
            }
        }
    }
}
#endif
