#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// Curator and kazoo on the same paths: they exclude us, and we them.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(3))) struct PeerTests {
        private let claims = Claims()

        private func corner(_ dialect: ZooKeeperConfiguration.Dialect = .mutex) async throws -> Corner {
            var corner = try await Corner()
            corner.configuration.names = .raw
            corner.configuration.dialect = dialect
            return corner
        }

        @Test func `Curator's mutex waits for a claim of ours, of any mode, and we for it`() async throws {
            let corner = try await corner()
            let peer = try await LockPeer(.curator, corner.server.connectString)
            let path = corner.configuration.prefix + "orders/42"
            try await corner.backends { backends in
                for (number, mode) in [LockMode.exclusive, .shared, .permits(1, of: 3)].enumerated() {
                    let claim = try claims.next("orders/42", mode)
                    let ours = try await backends[0].hold(claim)
                    try peer.ask("lock w\(number) mutex \(path) 10000")
                    try await eventually("it queues") {
                        try await backends[0].claims(withPrefix: "orders/42", limit: 10).count == 2
                    }
                    let listed = try await backends[0].claims(withPrefix: "orders/42", limit: 10)
                    #expect(listed.map(\.isHeld) == [true, false] && listed[1].owner.program == "peer")
                    _ = try await backends[0].remove(claim.id)
                    let answer = try await peer.answer("w\(number)")
                    #expect(answer == "held")

                    // Permits and a mutex do not go together on one path: that is an error, not a wait.
                    let next = mode == .shared ? LockMode.shared : .exclusive
                    let refused = try await backends[0].place(claims.next("orders/42", next), .ifFree)
                    #expect(refused == .refused)
                    let waiter = try claims.next("orders/42", next)
                    try await backends[0].wait(waiter)
                    async let grant = backends[0].grant(of: waiter.id)
                    try await peer.unlock("w\(number)")
                    let token = try await grant.token
                    #expect(token > ours)
                    _ = try await backends[0].remove(waiter.id)
                }
            }
        }

        @Test func `Curator's read-write lock and ours share readers, and exclude by writers`() async throws {
            let corner = try await corner(.readWrite)
            let peer = try await LockPeer(.curator, corner.server.connectString)
            let path = corner.configuration.prefix + "k"
            try await corner.backends { backends in
                let reader = try claims.next("k", .shared)
                try await backends[0].hold(reader)
                var held: [Bool] = []
                held.append(try await peer.lock("r", .read, path))
                held.append(try await peer.lock("w", .write, path, within: .milliseconds(300)))
                #expect(held == [true, false])
                let writer = try claims.next("k")
                try await backends[0].wait(writer)
                _ = try await backends[0].remove(reader.id)
                async let grant = backends[0].grant(of: writer.id)
                try await peer.unlock("r")
                _ = try await grant
                let late = try await peer.lock("r2", .read, path, within: .milliseconds(300))
                #expect(!late)
                _ = try await backends[0].remove(writer.id)
                let next = try await peer.lock("w2", .write, path, within: .seconds(5))
                #expect(next)
                let refused = try await backends[0].place(claims.next("k", .shared), .ifFree)
                #expect(refused == .refused)
                try await peer.unlock("w2")
            }
        }

        @Test func `a dead Curator is passed over, and its claim can be broken`() async throws {
            let corner = try await corner()
            let peer = try await LockPeer(.curator, corner.server.connectString)
            let path = corner.configuration.prefix + "k"
            try await corner.backends { backends in
                var held = try await peer.lock("a", .mutex, path)
                #expect(held)
                let record = try #require(try await backends[0].claims(withPrefix: "k", limit: 10).first)
                let error = await failure { () async throws(LockError) in try await backends[0].ask(record.id) }
                #expect(error?.code == .unsupported)
                let removal = try await backends[0].remove(record.id)
                #expect(removal == .removed)
                held = try await peer.lock("b", .mutex, path)
                #expect(held)
                let waiter = try claims.next("k")
                try await backends[0].wait(waiter)
                peer.kill()
                _ = try await backends[0].grant(of: waiter.id)
            }
        }

        /// What Curator does not: to it a kazoo lock is nothing.
        @Test func `kazoo that knows the pattern and we exclude each other`() async throws {
            let corner = try await corner()
            let peer = try await LockPeer(.kazoo, corner.server.connectString)
            let path = corner.configuration.prefix + "k"
            try await corner.backends { backends in
                let claim = try claims.next("k")
                try await backends[0].hold(claim)
                let late = try await peer.lock(
                    "a", .mutex, path, within: .milliseconds(300), patterns: ["-lock-"])
                #expect(!late)
                _ = try await backends[0].remove(claim.id)
                let held = try await peer.lock("b", .mutex, path, within: .seconds(5), patterns: ["-lock-"])
                #expect(held)
                let waiter = try claims.next("k")
                try await backends[0].wait(waiter)
                async let grant = backends[0].grant(of: waiter.id)
                try await peer.unlock("b")
                _ = try await grant
            }
        }
    }
}

func failure<R>(of body: () async throws(LockError) -> R) async -> LockError? {
    do throws(LockError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
#endif
