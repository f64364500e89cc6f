#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Leases: what ends them, what moves claims between them, what is left.
@Suite struct SessionTests {
    private let claims = Claims()
    private var alert: ClaimBounds {
        var bounds = ClaimBounds()
        bounds.watchAfter = .milliseconds(20)
        bounds.idleLimit = .milliseconds(200)
        return bounds
    }

    private func leaseKey(_ corner: Corner, _ key: String, _ claim: Claim) async throws -> String {
        let text = try await corner.server.control("get", corner.prefix + "\(key)/\(claim.id)", "-w", "fields")
        let line = text.split(separator: "\n").first { $0.hasPrefix("\"Lease\"") }
        return String(try #require(line?.split(separator: " ").last))
    }

    @Test func `a lease that an operator revokes is lost to all its claims at once`() async throws {
        let corner = try await Corner()
        try await corner.backends(2, bounds: alert) { backends in
            let (held, queued) = try (claims.next("a"), claims.next("b"))
            try await backends[1].hold(claims.next("b"))
            try await backends[0].hold(held)
            try await backends[0].wait(queued)
            let lost = Task {
                await failure { () async throws(LockError) in try await backends[0].grant(of: queued.id) }
            }
            let lease = try #require(backends[0].leases.all.first)
            var hints = backends[0].hints().makeAsyncIterator()
            try await eventually("own keys are watched") { backends[0].link.requestsSent.watchesCreated >= 4 }
            try await corner.server.control("lease", "revoke", String(lease, radix: 16))
            let error = await lost.value
            #expect(error?.code == .leaseLost)
            var hinted: Set<Claim.ID> = []
            while hinted.count < 2, let ids = await hints.next() { hinted.formUnion(ids) }
            #expect(hinted == [held.id, queued.id])
            let outcome = try await backends[0].extend([held.id, queued.id], for: .seconds(30))
            #expect(outcome.gone == [held.id, queued.id])
            // A new claim gets a new lease.
            try await backends[0].hold(claims.next("a"))
        }
    }

    @Test func `a revoked lease that nobody noticed costs a place no more than a try`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            try await backends[0].hold(claims.next("a"))
            let lease = try #require(backends[0].leases.all.first)
            try await corner.server.control("lease", "revoke", String(lease, radix: 16))
            try await backends[0].hold(claims.next("b"))
            try await backends[0].hold(claims.next("a"))
        }
    }

    @Test func `a holder hears of the loss of its own key, and so does a waiter`() async throws {
        let corner = try await Corner()
        try await corner.backends(2, bounds: alert) { backends in
            let (holder, waiter) = try (claims.next("k"), claims.next("k"))
            try await backends[0].hold(holder)
            try await backends[1].wait(waiter)
            let lost = Task {
                await failure { () async throws(LockError) in try await backends[1].grant(of: waiter.id) }
            }
            var hints = backends[0].hints().makeAsyncIterator()
            // With or without a watch yet: the key is read once the watch is there.
            try await corner.server.control("del", corner.prefix + "k/\(waiter.id)")
            let error = await lost.value
            #expect(error?.code == .leaseLost)
            try await corner.server.control("del", corner.prefix + "k/\(holder.id)")
            let hint = await hints.next()
            #expect(hint == [holder.id])
            let outcome = try await backends[0].extend([holder.id], for: .seconds(30))
            #expect(outcome.gone == [holder.id])
        }
    }

    @Test func `a local holder's key that is deleted wakes a local waiter`() async throws {
        let corner = try await Corner()
        try await corner.backends(bounds: alert) { backends in
            let (holder, waiter) = try (claims.next("k"), claims.next("k"))
            try await backends[0].hold(holder)
            try await backends[0].wait(waiter)
            try await corner.server.control("del", corner.prefix + "k/\(holder.id)")
            _ = try await backends[0].grant(of: waiter.id)
        }
    }

    @Test func `an owner hears at once that it is asked, and the mark ends with the claim`() async throws {
        let corner = try await Corner()
        try await corner.backends(2) { backends in
            let claim = try claims.next("k")
            try await backends[0].hold(claim)
            var hints = backends[0].hints().makeAsyncIterator()
            _ = try await backends[1].ask(claim.id)
            let hint = await hints.next()
            #expect(hint == [claim.id])
            let removal = try await backends[0].remove(claim.id)
            #expect(removal == .removed)
            let left = try await corner.left()
            #expect(left == [])
        }
    }

    @Test func `a longer life is another lease, and the same token`() async throws {
        let corner = try await Corner()
        try await corner.backends(bounds: alert) { backends in
            let claim = try claims.next([Claim.Part("a"), Claim.Part("b")], life: .seconds(5))
            let token = try await backends[0].hold(claim)
            let before = try await leaseKey(corner, "a", claim)
            let outcome = try await backends[0].extend([claim.id], for: .seconds(60))
            #expect(outcome == Extension())
            let after = try await (leaseKey(corner, "a", claim), leaseKey(corner, "b", claim))
            #expect(after.0 == after.1 && after.0 != before)
            let again = try await backends[0].place(claim, .always)
            #expect(again.token == token)
            // Back again: it may live longer, and never shorter.
            let shorter = try await backends[0].extend([claim.id], for: .seconds(5))
            #expect(shorter.age == .zero)
            let listed = try await backends[0].claims(withPrefix: "a", limit: 1)
            #expect(try #require(listed.first).remaining > .seconds(50))
            _ = try await backends[0].remove(claim.id)
            let left = try await corner.left()
            #expect(left == [])
        }
    }

    @Test func `a claim under a lease that was kept alive a while ago says how long`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let first = try await backends[0].place(claims.next("a", life: .seconds(30)), .always)
            #expect(try #require(first.age) < .milliseconds(500))
            let lease = try #require(backends[0].leases.all.first)
            let born = try #require(backends[0].leases.life(of: lease)).bornAt
            try await eventually("time passes") { backends[0].roster.time.now - born > .milliseconds(300) }
            let second = try await backends[0].place(claims.next("b", life: .seconds(30)), .always)
            #expect(try #require(second.age) >= .milliseconds(300))
            // The lease of a shorter life lives no less than its whole seconds.
            let third = try await backends[0].place(claims.next("c", life: .milliseconds(29_500)), .always)
            let ages = try (#require(second.age), #require(third.age))
            #expect(ages.1 <= ages.0)
        }
    }

    @Test func `a short life is as long as the server grants`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let placement = try await backends[0].place(claims.next("k", life: .seconds(1)), .always)
            let lease = try #require(backends[0].leases.all.first)
            #expect(try #require(backends[0].leases.life(of: lease)).timeToLive == .seconds(2))
            #expect(placement.age == .zero)
        }
    }

    @Test func `idle leases are revoked, and all at the end`() async throws {
        let server = try await EtcdServer()
        let corner = try await Corner(server)
        @Sendable func leases() async throws -> Int {
            try await server.control("lease", "list").split(separator: "\n").count - 1
        }
        try await corner.backends(bounds: alert) { backends in
            let claim = try claims.next("a")
            try await backends[0].hold(claim)
            try await backends[0].hold(claims.next("b", life: .seconds(60)))
            let both = try await leases()
            #expect(both == 2)
            _ = try await backends[0].remove(claim.id)
            try await eventually("the idle one is revoked") { try await leases() == 1 }
        }
        let left = try await leases()
        #expect(left == 0)
        let keys = try await corner.keys()
        #expect(keys == [])
    }

    @Test func `more different lives than leases share the next longer one`() async throws {
        let corner = try await Corner()
        var few = ClaimBounds()
        few.leasesLimit = 2
        try await corner.backends(bounds: few) { backends in
            try await backends[0].hold(claims.next("a", life: .seconds(60)))
            try await backends[0].hold(claims.next("b", life: .seconds(30)))
            try await backends[0].hold(claims.next("c", life: .seconds(20)))
            #expect(backends[0].leases.all.count == 2)
            let error = await failure { () async throws(LockError) in
                try await backends[0].place(try claims.next("d", life: .seconds(90)), .always)
            }
            #expect(error?.code == .limitExceeded)
        }
    }
}
#endif
