#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

/// Two clients that count in a key of Redis, under a lock; the first stops within it for longer than the lock lives.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(1))) struct StaleHolderTests {
        private static let timeToLive: Duration = .seconds(2)
        private static let key = "stock:42"

        private func client<R: Sendable>(
            on server: RedisServer, through proxy: FaultProxy? = nil,
            _ body: @escaping @Sendable (LockClient) async throws -> R
        ) async throws -> R {
            var configuration = server.configuration
            configuration.requestTimeout = .milliseconds(300)
            if let proxy { configuration.endpoint = .tcp(host: "127.0.0.1", port: proxy.port) }
            return try await LockClient.withClient(
                backend: try RedisBackend(configuration),
                configuration: LockClientConfiguration(timeToLive: Self.timeToLive), body)
        }

        /// One command on the key, with the fence or without.
        private static func run(
            _ server: RedisServer, _ command: String, _ arguments: String..., token: FencingToken, isFenced: Bool
        ) throws -> RESPValue {
            let words =
                isFenced
                ? try RedisFence.command(command, arguments, on: key, token: token) : [command, key] + arguments
            return try RawConnection(unix: server.socket).command(words)
        }

        /// Adds one under the lock: reads, then writes.
        ///
        /// - Parameter between: what happens between the two; deaf to cancellation, as a process that stands still is.
        /// - Returns: whether Redis took the write.
        private static func addOne(
            _ client: LockClient, _ server: RedisServer, isFenced: Bool,
            between: @escaping @Sendable () async -> Void = {}
        ) async throws -> Bool {
            let written = Waiter<Bool>()
            do {
                try await client.withLock("stock/42", wait: .upTo(.seconds(20))) { lease in
                    let before = try run(server, "GET", token: lease.token, isFenced: isFenced)
                    if case .error(let text) = before { throw TestFailure(text) }
                    await between()
                    let sum = (before.int ?? 0) + 1
                    let answer = try run(server, "SET", "\(sum)", token: lease.token, isFenced: isFenced)
                    if case .error(let text) = answer { #expect(text.hasPrefix(RedisFence.refusal + " "), "\(text)") }
                    written.settle(.success(answer.text == "OK"))
                }
            } catch let error as LockError where error.code == .leaseLost {}
            return try await written.outcome {}.get()
        }

        @Test(arguments: RedisServer.Binary.allCases, [true, false])
        func `a holder that wakes too late loses no update where the key is fenced, and loses one where it is not`(
            _ binary: RedisServer.Binary, _ isFenced: Bool
        ) async throws {
            let server = try await RedisServer(binary)
            let proxy = try await FaultProxy(to: server.port)
            try await client(on: server, through: proxy) { first in
                try await client(on: server) { second in
                    let (hasStopped, mayWake) = (Waiter<Void>(), Waiter<Void>())
                    async let late = Self.addOne(first, server, isFenced: isFenced) {
                        proxy.requests = .drop
                        proxy.replies = .drop
                        hasStopped.settle(.success(()))
                        _ = await mayWake.outcome {}
                    }
                    _ = await hasStopped.outcome {}
                    // Granted only when the first one's life is over.
                    let isTaken = try await Self.addOne(second, server, isFenced: isFenced)
                    #expect(isTaken)
                    proxy.requests = .pass
                    proxy.replies = .pass
                    proxy.cut()
                    mayWake.settle(.success(()))
                    var taken = 1
                    if try await late {
                        taken += 1
                    } else if try await Self.addOne(first, server, isFenced: isFenced) {
                        // As it should where it was refused: once more, under a lock of its own.
                        taken += 1
                    }
                    #expect(taken == 2)
                    let sum = try server.command("GET", Self.key).int
                    #expect(sum == (isFenced ? 2 : 1), "2 writes were taken, and \(sum ?? 0) are there")
                }
            }
        }
    }
}
#endif
