#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// Transactions of the user's own that the store executes only while a claim is held.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct GuardedTests {
        private let parts = [Claim.Part("a"), Claim.Part("b", .shared)]

        private func locks<R: Sendable>(
            _ configuration: ZooKeeperConfiguration, life: Duration = .seconds(30),
            _ body: @escaping @Sendable (LockClient, ZooKeeperBackend) async throws -> R
        ) async throws -> R {
            let backend = try ZooKeeperBackend(configuration)
            return try await LockClient.withClient(
                backend: backend, configuration: LockClientConfiguration(timeToLive: life)
            ) { try await body($0, backend) }
        }

        private func value(_ corner: Corner, _ path: String) async throws -> String? {
            let found = Found<String>()
            try await corner.server.configuration.session { session in
                guard try await session.exists(path) != nil else { return }
                found.value = String(decoding: try await session.data(path).data, as: UTF8.self)
            }
            return found.value
        }

        @Test func `it is done while the lock is held, and its own conditions are met`() async throws {
            let corner = try await Corner()
            let path = String(corner.configuration.prefix.dropLast()) + "-state"
            try await locks(corner.configuration) { locks, zookeeper in
                try await locks.withLock(parts) { lease in
                    let open = ZooKeeperTransaction([.create(path, "open"), .create(path + "2", "open")])
                    guard case .done(let first) = try await zookeeper.guarded(open, by: lease) else {
                        throw TestFailure("not done")
                    }
                    let unmet: [ZooKeeperTransaction] = [
                        open, .init([.set(path, "stale", version: 1)]), .init([.delete(path + "3")]),
                        .init([.set(path, "stale")], if: [.exists(path + "3")]),
                        .init([.set(path, "stale")], if: [.version(path, equals: 7)]),
                    ]
                    for write in unmet {
                        let outcome = try await zookeeper.guarded(write, by: lease)
                        #expect(outcome == .unmet, "\(write)")
                    }
                    let paid = ZooKeeperTransaction(
                        [.set(path, "paid"), .delete(path + "2", version: 0)],
                        if: [.version(path, equals: 0), .exists(path + "2")])
                    guard case .done(let second) = try await zookeeper.guarded(paid, by: lease) else {
                        throw TestFailure("not done")
                    }
                    #expect(lease.token.rawValue < first && first < second)
                }
                let stored = try await (value(corner, path), value(corner, path + "2"))
                #expect(stored == ("paid", nil))
            }
        }

        @Test func `who lost the lock changes nothing, whether it knows or not`() async throws {
            let corner = try await Corner()
            let path = String(corner.configuration.prefix.dropLast()) + "-state"
            try await locks(corner.configuration) { locks, zookeeper in
                let owned = try await locks.acquire(parts)
                let lease = owned.lease
                let node = try #require(zookeeper.roster.update { $0.claims[lease.id]?.parts[0].path })
                try await corner.server.configuration.session { try await $0.delete(node) }
                // Where its own conditions are not met either, the loss is what counts.
                for conditions in [[], [ZooKeeperTransaction.Condition.exists(path + "2")]] {
                    let write = ZooKeeperTransaction([.create(path, "mine")], if: conditions)
                    let error = await failure { () async throws(LockError) in
                        try await zookeeper.guarded(write, by: lease)
                    }
                    #expect(error?.code == .leaseLost)
                }
                try? await owned.release()
                let late = await failure { () async throws(LockError) in
                    try await zookeeper.guarded(ZooKeeperTransaction([.create(path, "mine")]), by: lease)
                }
                #expect(late?.code == .leaseLost)
                let stored = try await value(corner, path)
                #expect(stored == nil)
            }
        }

        /// Both add one to a counter, the first with what it had read before it stood still.
        @Test(arguments: [true, false])
        func `a holder that stood still past its life overwrites nothing, where its write is guarded`(
            _ isGuarded: Bool
        ) async throws {
            let corner = try await Corner(ZooKeeperServer(.init(config: "maxSessionTimeout=40000")))
            let proxy = try await FaultProxy(to: corner.server.port)
            var apart = proxy.configuration(tick: corner.server.tick)
            apart.prefix = corner.configuration.prefix
            apart.requestTimeout = .seconds(1)
            let path = "/counter"
            try await corner.server.configuration.session { session in
                _ = try await session.create(path, .persistent, data: Array("0".utf8))
            }
            let acknowledged = Found<Int>()
            try await locks(apart, life: .seconds(3)) { holder, zookeeper in
                let owned = try await holder.acquire("k")
                let lease = owned.lease
                let read = try await Int(value(corner, path) ?? "") ?? -1
                proxy.requests = .hold
                proxy.replies = .hold
                try await locks(corner.configuration, life: .seconds(3)) { other, otherZooKeeper in
                    try await other.withLock("k", wait: .upTo(.seconds(30))) { next in
                        #expect(next.token > lease.token)
                        let sum = try await (Int(value(corner, path) ?? "") ?? -1) + 1
                        let write = ZooKeeperTransaction([.set(path, "\(sum)")])
                        guard case .done = try await otherZooKeeper.guarded(write, by: next) else {
                            throw TestFailure("not done")
                        }
                        acknowledged.value = 1
                    }
                }
                proxy.requests = .pass
                proxy.replies = .pass
                if isGuarded {
                    try await eventually("its write is refused", within: .seconds(20)) {
                        let error = await failure { () async throws(LockError) in
                            try await zookeeper.guarded(ZooKeeperTransaction([.set(path, "\(read + 1)")]), by: lease)
                        }
                        // Until it has a connection again the answer is: unknown.
                        guard error?.code == .unavailable else { return error?.code == .leaseLost }
                        return false
                    }
                } else {
                    try await corner.server.configuration.session { session in
                        _ = try await session.setData(path, Array("\(read + 1)".utf8))
                    }
                    acknowledged.value = 2
                }
                try? await owned.release()
            }
            let stored = try await Int(value(corner, path) ?? "")
            if isGuarded {
                #expect(stored == acknowledged.value)
            } else {
                #expect(stored == 1 && acknowledged.value == 2, "without the guard an update is lost")
            }
        }

        @Test func `what is no path or no version is refused before it is sent`() async throws {
            let corner = try await Corner()
            try await locks(corner.configuration) { locks, zookeeper in
                try await locks.withLock("k") { lease in
                    let wrong: [ZooKeeperTransaction] = [
                        .init([.create("", "")]), .init([.set("a", "")]), .init([.delete("/a//b")]),
                        .init([.set("/a", "", version: -1)]), .init([], if: [.version("/a", equals: -1)]),
                        .init([], if: [.exists("/a/..")]),
                    ]
                    for write in wrong {
                        let error = await failure { () async throws(LockError) in
                            try await zookeeper.guarded(write, by: lease)
                        }
                        #expect(error?.code == .invalidArgument, "\(write)")
                    }
                    let large = ZooKeeperTransaction([.create("/large", [UInt8](repeating: 0, count: 1 << 20))])
                    let error = await failure { () async throws(LockError) in
                        try await zookeeper.guarded(large, by: lease)
                    }
                    #expect(error?.code == .limitExceeded)
                    #expect(lease.isHeld)
                }
            }
        }
    }
}
#endif
