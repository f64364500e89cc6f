#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// Sessions that expire, connections that are lost, nodes that an operator deletes.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct SessionLossTests {
        private static let timeToLive: Duration = .seconds(3)
        private let claims = Claims()

        private func client<R: Sendable>(
            on server: ZooKeeperServer, through proxy: FaultProxy? = nil,
            _ body: @escaping @Sendable (LockClient) async throws -> R
        ) async throws -> R {
            var configuration = proxy?.configuration(tick: server.tick) ?? server.configuration
            configuration.requestTimeout = .milliseconds(500)
            return try await LockClient.withClient(
                backend: try ZooKeeperBackend(configuration),
                configuration: LockClientConfiguration(timeToLive: Self.timeToLive), body)
        }

        @Test(arguments: [true, false])
        func `a holder that is cut off knows it before another holds`(_ losesRequestsToo: Bool) async throws {
            let server = try await ZooKeeperServer(.init(config: "maxSessionTimeout=40000"))
            let proxy = try await FaultProxy(to: server.port)
            try await client(on: server, through: proxy) { holder in
                let owned = try await holder.acquire("k")
                let lease = owned.lease
                async let loss = lease.whenLost()
                if losesRequestsToo { proxy.requests = .drop }
                proxy.replies = .drop
                // While its requests pass, its session lives, and nobody else is granted.
                if !losesRequestsToo {
                    try await eventually("it is lost here") { !lease.isHeld }
                    proxy.requests = .drop
                    proxy.cut()
                }
                try await client(on: server) { other in
                    let next = try await other.acquire("k", wait: .upTo(.seconds(20)))
                    #expect(!lease.isHeld)
                    #expect(next.lease.token > lease.token)
                    try await next.release()
                }
                _ = await loss
                proxy.requests = .pass
                proxy.replies = .pass
                proxy.cut()
                // It is gone already: nothing to release, and the successor's is not touched.
                try? await owned.release()
                try await holder.withLock("k", wait: .upTo(.seconds(20))) { _ in }
            }
        }

        @Test func `a waiter whose session expires is not granted what it lost, and asks anew`() async throws {
            let server = try await ZooKeeperServer(.init(config: "maxSessionTimeout=40000"))
            let proxy = try await FaultProxy(to: server.port)
            try await client(on: server) { holder in
                let owned = try await holder.acquire("k")
                let lease = owned.lease
                try await client(on: server, through: proxy) { other in
                    async let waiting = other.withLock("k", wait: .upTo(.seconds(30))) { $0.token }
                    try await eventually("it waits") { try await holder.claims(withPrefix: "k").count == 2 }
                    proxy.requests = .drop
                    proxy.replies = .drop
                    try await eventually("its place is gone", within: .seconds(20)) {
                        try await holder.claims(withPrefix: "k").count == 1
                    }
                    #expect(lease.isHeld)
                    proxy.requests = .pass
                    proxy.replies = .pass
                    proxy.cut()
                    _ = try await holder.remove(lease.id)
                    do {
                        let next = try await waiting
                        #expect(next > lease.token)
                    } catch let error as LockError {
                        #expect(error.code == .leaseLost)
                    }
                }
                try? await owned.release()
            }
        }

        @Test func `a restart keeps the lease`() async throws {
            let server = try await ZooKeeperServer(.init(config: "maxSessionTimeout=40000"))
            try await client(on: server) { client in
                let owned = try await client.acquire("k")
                let lease = owned.lease
                server.kill()
                try await server.start()
                // A server that starts gives every session its whole time again.
                try await client.withLock("other", wait: .upTo(.seconds(20))) { _ in }
                if lease.isHeld {
                    let refused = try await client.tryAcquire("k") == nil
                    #expect(refused)
                }
                try? await owned.release()
                try await client.withLock("k", wait: .upTo(.seconds(20))) { _ in }
            }
        }

        @Test func `a life that the ensemble does not grant is refused, and the longest one is not`() async throws {
            let server = try await ZooKeeperServer(.init(config: "maxSessionTimeout=8000"))
            try await ZooKeeperBackend.running([ZooKeeperBackend(server.configuration)]) { backends in
                let long = try claims.next([Claim.Part("k")], life: .seconds(9))
                let error = await failure { () async throws(LockError) in try await backends[0].place(long, .always) }
                #expect(error?.code == .invalidArgument && "\(String(describing: error))".contains("maxSessionTimeout"))
                let longest = try claims.next([Claim.Part("k")], life: .seconds(8))
                try await backends[0].hold(longest)
                _ = try await backends[0].remove(longest.id)
            }
        }

        @Test func `a creation whose answer is lost is found again by its GUID`() async throws {
            let server = try await ZooKeeperServer(.init(config: "maxSessionTimeout=40000"))
            let proxy = try await FaultProxy(to: server.port)
            var configuration = proxy.configuration(tick: server.tick)
            configuration.requestTimeout = .milliseconds(400)
            let backend = try ZooKeeperBackend(configuration)
            try await ZooKeeperBackend.running([backend]) { backends in
                try await backends[0].hold(claims.next("warm"))
                for parts in [[Claim.Part("k")], [Claim.Part("a"), Claim.Part("b")]] {
                    let warm = try claims.next(parts)
                    try await backends[0].hold(warm)
                    _ = try await backends[0].remove(warm.id)
                    let claim = try claims.next(parts)
                    proxy.replies = .drop
                    let error = await failure { () async throws(LockError) in
                        try await backends[0].place(claim, .always)
                    }
                    #expect(error?.code == .unavailable)
                    proxy.replies = .pass
                    proxy.cut()
                    try await eventually("it is placed") {
                        do throws(LockError) {
                            return try await backends[0].place(claim, .always).token != nil
                        } catch {
                            guard error.code == .unavailable else { throw error }
                            return false
                        }
                    }
                    let listed = try await backends[0].claims(withPrefix: parts[0].key.text, limit: 10)
                    #expect(listed.count == 1)
                    _ = try await backends[0].remove(claim.id)
                    let left = try await backends[0].claims(withPrefix: parts[0].key.text, limit: 10)
                    #expect(left.isEmpty)
                }
            }
        }

        @Test func `a claim that was created in the dark is removed by its GUID`() async throws {
            let server = try await ZooKeeperServer(.init(config: "maxSessionTimeout=40000"))
            let proxy = try await FaultProxy(to: server.port)
            var configuration = proxy.configuration(tick: server.tick)
            configuration.requestTimeout = .milliseconds(400)
            let backend = try ZooKeeperBackend(configuration)
            try await ZooKeeperBackend.running([backend]) { backends in
                let warm = try claims.next("k")
                try await backends[0].hold(warm)
                _ = try await backends[0].remove(warm.id)
                let claim = try claims.next("k")
                proxy.replies = .drop
                let error = await failure { () async throws(LockError) in try await backends[0].place(claim, .always) }
                #expect(error?.code == .unavailable)
                proxy.replies = .pass
                proxy.cut()
                try await eventually("it is removed") {
                    do throws(LockError) {
                        return try await backends[0].remove(claim.id) == .removed
                    } catch {
                        return false
                    }
                }
                let left = try await backends[0].claims(withPrefix: "", limit: 10)
                #expect(left.isEmpty)
            }
        }

        @Test func `a holder hears of the loss of its own node, and so does a waiter`() async throws {
            let corner = try await Corner()
            try await corner.backends(2) { backends in
                let (holder, waiter) = try (claims.next("k"), claims.next("k"))
                try await backends[0].hold(holder)
                try await backends[0].wait(waiter)
                _ = try await backends[0].extend([holder.id, waiter.id], for: .seconds(30))
                for claim in [waiter, holder] {
                    _ = try await backends[1].remove(claim.id)
                    try await eventually("it is known") {
                        try await backends[0].extend([claim.id], for: .seconds(30)).gone == [claim.id]
                    }
                }
            }
        }

        @Test func `the doctor names what is no claim, and what no session ends`() async throws {
            let corner = try await Corner()
            try await corner.backends { backends in
                try await backends[0].hold(claims.next("k"))
                let fine = try await backends[0].examine()
                #expect(!fine.contains { $0.weight == .danger })
                try await corner.server.configuration.session { session in
                    let lock = corner.configuration.prefix + "k/"
                    _ = try await session.create(lock + "stray", .persistent)
                    _ = try await session.create(lock + "lock-", .persistentSequential)
                    let findings = try await backends[0].examine()
                    #expect(findings.count { $0.weight == .danger } == 2, "\(findings)")
                    for child in try await session.children(String(lock.dropLast())).children {
                        if !child.hasPrefix("_c_") { try await session.delete(lock + child) }
                    }
                }
            }
        }

        @Test func `a path of other claims' making is no trouble`() async throws {
            var corner = try await Corner()
            corner.configuration.names = .raw
            try await corner.backends { backends in
                let (inner, outer) = try (claims.next("a/b"), claims.next("a"))
                try await backends[0].hold(inner)
                try await backends[0].hold(outer)
                let listed = try await backends[0].claims(withPrefix: "", limit: 10)
                #expect(listed.map(\.key) == ["a", "a/b"])
            }
        }
    }
}
#endif
