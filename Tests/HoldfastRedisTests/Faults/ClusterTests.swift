#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    /// A store is one address: of a cluster, the slots of that node, with errors that say so for the others.
    @Suite(.timeLimit(.minutes(3))) struct ClusterTests {
        private let claims = Claims()
        /// It takes seconds to stand, and gives each test keys of its own.
        private static let shared = Task { try await RedisCluster() }

        @Test func `a key is locked through the node that has its slot, and elsewhere the error says where`()
            async throws
        {
            let cluster = try await Self.shared.value
            let key = try cluster.keys(on: 1, 1)[0]
            try await cluster.nodes[1].client { client in
                let owned = try await client.acquire(key)
                async let next: Void = client.acquire(key, wait: .upTo(.seconds(10))).release()
                try await eventually("somebody waits") {
                    try await client.claims(withPrefix: key.text).count == 2
                }
                try await owned.release()
                try await next
                #expect(client.capabilities.guarantee == .bestEffort)
            }
            try await cluster.nodes[0].client { stranger in
                let error = try await lockError { try await stranger.acquire(key).release() }
                #expect(error?.code == .unsupported)
                #expect(error?.message.contains("127.0.0.1:\(cluster.nodes[1].port)") == true, "\(error as Any)")
            }
        }

        @Test func `keys of one claim are in one slot, or the error says how`() async throws {
            let cluster = try await Self.shared.value
            let keys = try cluster.keys(on: 0, 2)
            try await cluster.nodes[0].client { client in
                let error = try await lockError { try await client.acquire(keys.map { .init($0) }).release() }
                #expect(error?.code == .unsupported && error?.message.contains("hash tag") == true, "\(error as Any)")
                // None of them is taken.
                for key in keys { try await client.acquire(key, wait: .no).release() }
            }
            // The slot of "b" is 3300: the first node's.
            try await cluster.nodes[0].client {
                $0.prefix = "{b}lock:"
            } _: { client in
                try await client.acquire(keys.map { .init($0) }).release()
            }
        }

        @Test func `another client's claim is found and broken among claims in many slots`() async throws {
            let cluster = try await Self.shared.value
            let keys = try cluster.keys(on: 0, 8)
            let node = cluster.nodes[0]
            try await node.backends(2) { [claims] backends in
                let all = try keys.map { try claims.next($0) }
                for claim in all { try await backends[0].hold(claim) }
                let waiter = try claims.next(keys[3])
                try await backends[0].wait(waiter)
                let asked = try await backends[1].ask(all[5].id)
                let removed = try await backends[1].remove(all[3].id)
                #expect(asked == .removed && removed == .removed)
                _ = try await backends[0].grant(of: waiter.id)
                let listed = try await backends[1].claims(withPrefix: "", limit: 100)
                #expect(listed.count == keys.count)
            }
        }

        @Test func `a slot that moves is never granted twice, and costs no lease but its own`() async throws {
            let cluster = try await Self.shared.value
            let keys = try cluster.keys(on: 0, 3)
            let slot = try cluster.slot(of: keys[0])
            try await cluster.nodes[0].client { client in
                let moving = try await client.acquire(keys[0])
                let staying = try await client.acquire(keys[1])
                let (leaving, other) = (moving.lease, staying.lease)
                try cluster.begin(moving: slot, from: 0, to: 2)
                try await cluster.nodes[2].client { stranger in
                    // Neither node grants it while it is on its way.
                    for client in [client, stranger] {
                        let error = try await lockError {
                            if let owned = try await client.tryAcquire(keys[0]) {
                                try await owned.release()
                                Issue.record("granted while the slot moves")
                            }
                        }
                        #expect(error == nil || error?.code == .unavailable || error?.code == .unsupported)
                    }
                    try cluster.moveKeys(of: slot, from: 0, to: 2)
                    let between = try await lockError { try await client.acquire(keys[0], wait: .no).release() }
                    #expect(between?.code == .unsupported, "\(between as Any)")
                    try cluster.finish(moving: slot, to: 2)
                    let busy = try await stranger.tryAcquire(keys[0]) == nil
                    #expect(busy)
                    let moved = try await lockError { try await client.acquire(keys[0], wait: .no).release() }
                    #expect(moved?.code == .unsupported && moved?.message.contains("another node") == true)
                    let next = try await stranger.acquire(keys[0], wait: .upTo(.seconds(10)))
                    #expect(!leaving.isHeld)
                    #expect(next.lease.token > leaving.token)
                    try await next.release()
                }
                #expect(other.isHeld)
                try? await moving.release()
                try await staying.release()
            }
        }

        @Test func `a waiter whose slot moves away is told, and the others are still looked after`() async throws {
            let cluster = try await Self.shared.value
            let keys = try cluster.keys(on: 0, 3)
            let slot = try cluster.slot(of: keys[0])
            try await cluster.nodes[0].backends(2) { [claims] backends in
                let holders = try keys.map { try claims.next($0) }
                let waiters = try keys.map { try claims.next($0) }
                for claim in holders { try await backends[0].hold(claim) }
                for claim in waiters { try await backends[1].wait(claim) }
                // From now on only looks tell it of grants.
                let channel = "holdfast:" + backends[1].ears.channel
                _ = try await backends[1].link.send(RedisCommand.unsubscribe([channel]))
                try cluster.begin(moving: slot, from: 0, to: 1)
                try cluster.moveKeys(of: slot, from: 0, to: 1)
                try cluster.finish(moving: slot, to: 1)
                _ = try await backends[0].remove(holders[1].id)
                let began = ContinuousClock.now
                try await eventually("the push that was lost is found by a look") {
                    backends[1].holds(waiters[1].id)
                }
                // One that has moved takes no other with it.
                let outcome = try await backends[0].extend([holders[0].id, holders[2].id], for: .seconds(60))
                #expect(outcome.gone == [holders[0].id])
                let gone = await failure { () throws(LockError) in try await backends[1].grant(of: waiters[0].id) }
                let took = ContinuousClock.now - began
                #expect(gone?.code == .leaseLost && took < .seconds(5), "\(gone as Any), took \(took)")
            }
        }

        @Test func `a cluster that is down is unavailable, and used again when it stands`() async throws {
            let cluster = try await Self.shared.value
            let key = try cluster.keys(on: 0, 1)[0]
            try await cluster.nodes[0].client(timeToLive: .seconds(20)) { client in
                let held = try await client.acquire(key)
                let lease = held.lease
                let slot = "\(try cluster.slot(of: key) + 1)"
                // All slots are to be served.
                try cluster.nodes[0].command("CLUSTER", "DELSLOTS", slot)
                try await eventually("the cluster is down") {
                    try cluster.nodes[0].command("CLUSTER", "INFO").text?.contains("cluster_state:fail") == true
                }
                let error = try await lockError { try await client.acquire(key, wait: .no).release() }
                #expect(error?.code == .unavailable && error?.message.contains("cluster is down") == true)
                try cluster.nodes[0].command("CLUSTER", "ADDSLOTS", slot)
                try await cluster.settle()
                #expect(lease.isHeld)
                try await held.release()
                try await client.acquire(key, wait: .upTo(.seconds(5))).release()
            }
        }
    }
}
#endif
