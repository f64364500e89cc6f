#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Locks whose holder is cut off, or whose only member stands still or restarts.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct LeaseFaultTests {
        private static let timeToLive: Duration = .seconds(3)

        private func client<R: Sendable>(
            on server: EtcdServer, through proxy: FaultProxy? = nil,
            _ body: @escaping @Sendable (LockClient) async throws -> R
        ) async throws -> R {
            var configuration =
                proxy.map { EtcdConfiguration(host: "127.0.0.1", port: $0.port) } ?? server.configuration
            configuration.requestTimeout = .milliseconds(300)
            return try await LockClient.withClient(
                backend: try EtcdBackend(configuration),
                configuration: LockClientConfiguration(timeToLive: Self.timeToLive), body)
        }

        /// Where its requests still pass, the store keeps its lease alive, and nobody else is granted.
        @Test(arguments: [true, false])
        func `a holder that is cut off knows it before another holds`(_ losesRequestsToo: Bool) async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            try await client(on: server, through: proxy) { holder in
                let owned = try await holder.acquire("k")
                let lease = owned.lease
                async let loss = lease.whenLost()
                if losesRequestsToo { proxy.requests = .drop }
                proxy.replies = .drop
                try await client(on: server) { other in
                    let next = try await other.acquire("k", wait: .upTo(.seconds(20)))
                    #expect(!lease.isHeld)
                    #expect(next.lease.token > lease.token)
                    try await next.release()
                }
                let reason = await loss
                #expect(reason == .expired)
                proxy.requests = .pass
                proxy.replies = .pass
                proxy.cut()
                // It is gone already: nothing to release, and the successor's is not touched.
                try? await owned.release()
            }
        }

        @Test func `a server that stands still costs the lease, and goes on with the next`() async throws {
            let server = try await EtcdServer()
            try await client(on: server) { client in
                let owned = try await client.acquire("k")
                let lease = owned.lease
                server.pause()
                let began = ContinuousClock.now
                let loss = await lease.whenLost()
                #expect(loss == .expired)
                #expect(ContinuousClock.now - began < Self.timeToLive)
                server.resume()
                try? await owned.release()
                let next = try await client.acquire("k", wait: .upTo(.seconds(20)))
                #expect(next.lease.token > lease.token)
                try await next.release()
            }
        }

        @Test func `a restart keeps the lease`() async throws {
            let server = try await EtcdServer()
            try await client(on: server) { client in
                let owned = try await client.acquire("k")
                let lease = owned.lease
                try await server.restart()
                let end = ContinuousClock.now + Self.timeToLive * 2
                try await client.withLock("other", wait: .upTo(.seconds(10))) { _ in }
                try await eventually("twice its life has passed") { ContinuousClock.now > end || !lease.isHeld }
                #expect(lease.isHeld)
                let refused = try await client.tryAcquire("k") == nil
                #expect(refused)
                try await owned.release()
            }
        }
    }
}
#endif
