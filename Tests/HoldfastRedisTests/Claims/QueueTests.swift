#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

@Suite struct QueueTests {
    private let claims = Claims()

    @Test(arguments: [2, 100, 2_000, 10_000])
    func `a hand-off costs the server the same behind any queue`(_ waiters: Int) async throws {
        let server = try await RedisServer()
        try await server.backends(2) { backends in
            let all = try (0...waiters).map { _ in try claims.next("k", life: .seconds(300)) }
            try await backends[0].hold(all[0])
            for claim in all.dropFirst() { try await backends[1].wait(claim) }
            try server.command("CONFIG", "RESETSTAT")
            _ = try await backends[0].remove(all[0].id)
            _ = try await backends[1].grant(of: all[1].id)
            let calls = try server.calls()
            let looks = calls["evalsha", default: 0] - 1
            let total = calls.filter { !$0.key.hasPrefix("config") && $0.key != "info" }.values.reduce(0, +)
            // A look by the clock may fall into it: 12 calls at the most.
            #expect(total - 13 * looks <= 15, "\(calls)")
            for claim in all.dropFirst() { _ = try await backends[1].remove(claim.id) }
            let left = try server.keysLeft()
            #expect(left == [])
        }
    }

    @Test func `an uncontended claim is one call, and so is its release`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            try await backends[0].hold(claims.next("warm"))
            let (first, second) = try (claims.next("k"), claims.next("k"))
            try await backends[0].hold(first)
            _ = try await backends[0].remove(first.id)
            try server.command("CONFIG", "RESETSTAT")
            try await backends[0].hold(second)
            _ = try await backends[0].remove(second.id)
            var calls = try server.calls()
            // Before Redis 7 without its second word.
            for name in ["config|resetstat", "config"] { calls[name] = nil }
            calls["eval"] = nil
            #expect(calls == ["evalsha": 2, "mget": 2, "time": 1, "set": 2, "del": 1])
        }
    }

    @Test func `the dead are passed over`() async throws {
        let server = try await RedisServer()
        try await server.backends(2) { backends in
            let holder = try claims.next("k")
            // More than one call passes over.
            let dead = try (0..<150).map { _ in try claims.next("k", life: .seconds(1)) }
            let alive = try claims.next("k")
            try await backends[0].hold(holder)
            for claim in dead { try await backends[0].wait(claim) }
            try await backends[1].wait(alive)
            // Time itself is under test: their lives are to be over, and nothing else is to have happened.
            try await Task.sleep(for: .milliseconds(1050))
            let start = ContinuousClock.now
            _ = try await backends[0].remove(holder.id)
            _ = try await backends[1].grant(of: alive.id)
            let took = ContinuousClock.now - start
            // Mostly at once: the first of those that are left is told to go on. A client that has noticed already that
            // its own are dead does not hear that; then two looks of the waiter, one a second, pass over 64 each.
            #expect(took < Roster.lookInterval * 3, "took \(took)")
            _ = try await backends[1].remove(alive.id)
            let left = try server.keysLeft()
            #expect(left == [])
        }
    }

    @Test func `what a dead client leaves ends by itself`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            try await backends[0].hold(claims.next("k", .shared, life: .seconds(1)))
            try await backends[0].wait(claims.next("k", life: .seconds(1)))
            let left = try server.keysLeft()
            for key in left {
                let life = try #require(try server.command("PTTL", key).int)
                #expect(life > 0 && life <= 4_000, "\(key) lives \(life) ms")
            }
            #expect(left == ["lock:k", "{lock:k}:hf:e", "{lock:k}:hf:z"])
        }
    }

    @Test func `a grant whose push was lost with the connection is found when that is back`() async throws {
        let server = try await RedisServer()
        let proxy = try await FaultProxy(to: server.port)
        try await server.backends { direct in
            try await server.backends(through: proxy) { proxied in
                let (holder, waiter) = try (claims.next("k"), claims.next("k"))
                try await direct[0].hold(holder)
                try await proxied[0].wait(waiter)
                proxy.replies = .drop
                _ = try await direct[0].remove(holder.id)
                proxy.replies = .pass
                proxy.cut()
                let start = ContinuousClock.now
                _ = try await proxied[0].grant(of: waiter.id)
                let took = ContinuousClock.now - start
                #expect(took < Roster.lookInterval + .milliseconds(1500), "took \(took)")
            }
        }
    }

    @Test func `a push that nobody sends is found by the next look`() async throws {
        let server = try await RedisServer()
        try await server.backends(2) { backends in
            let waiters = try (0..<3).map { _ in try claims.next("k", .shared) }
            let holder = try claims.next("k")
            try await backends[0].hold(holder)
            for waiter in waiters { try await backends[1].wait(waiter) }
            let channel = "holdfast:" + backends[1].ears.channel
            _ = try await backends[1].link.send(RedisCommand.unsubscribe([channel]))
            _ = try await backends[0].remove(holder.id)
            let start = ContinuousClock.now
            for waiter in waiters { _ = try await backends[1].grant(of: waiter.id) }
            let took = ContinuousClock.now - start
            #expect(took < .seconds(4), "took \(took)")
        }
    }

    @Test func `two thousand waiters on as many keys are looked after in few calls`() async throws {
        let server = try await RedisServer()
        try await server.backends(2) { backends in
            let count = 2_000
            for number in 0..<count {
                let key = LockKey(unchecked: "k\(number)")
                try await backends[0].hold(claims.next(key, life: .seconds(300)))
                try await backends[1].wait(claims.next(key, life: .seconds(300)))
            }
            try server.command("CONFIG", "RESETSTAT")
            // The span that is measured, not a wait for a state.
            try await Task.sleep(for: .seconds(2))
            let calls = try server.calls()["evalsha", default: 0]
            // Each key is due twice to four times: in batches, if they fall together.
            #expect(calls < count, "\(calls) calls")
        }
    }

    @Test func `a reader of several keys that others have passed is let in when its client comes back`() async throws {
        let server = try await RedisServer()
        let proxy = try await FaultProxy(to: server.port)
        try await server.backends { direct in
            try await server.backends(through: proxy) { proxied in
                let holders = try [claims.next("a"), claims.next("b")]
                let reader = try claims.next([Claim.Part("a", .shared), Claim.Part("b", .shared)])
                for holder in holders { try await direct[0].hold(holder) }
                try await proxied[0].wait(reader)
                proxy.requests = .drop
                for holder in holders { _ = try await direct[0].remove(holder.id) }
                for key: LockKey in ["a", "b"] {
                    let passing = try claims.next(key, .shared)
                    try await eventually("a reader passes on \(key)") {
                        try await direct[0].place(passing, .ifFree).token != nil
                    }
                }
                proxy.requests = .pass
                proxy.cut()
                try await eventually("the reader is let in") { proxied[0].holds(reader.id) }
            }
        }
    }
}
#endif
