#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

@Suite struct ClaimFaultTests {
    private let claims = Claims()

    @Test func `a place whose answer is lost can be placed again, and removed`() async throws {
        let server = try await RedisServer()
        let proxy = try await FaultProxy(to: server.port)
        try await server.backends(through: proxy) {
            $0.requestTimeout = .milliseconds(300)
        } _: { backends in
            let claim = try claims.next("k")
            try await backends[0].hold(claims.next("warm"))
            proxy.replies = .drop
            let error = await #expect(throws: LockError.self) { _ = try await backends[0].place(claim, .always) }
            #expect(error?.isOutcomeUnknown == true)
            let stored = try #require(try server.command("GET", "lock:k").text)
            #expect(stored.hasPrefix("hf1:\(claim.id):-"))
            proxy.replies = .pass
            proxy.cut()
            var token: FencingToken?
            try await eventually("the connection is back") {
                token = try? await backends[0].place(claim, .always).token
                return token != nil
            }
            #expect(stored.hasPrefix("hf1:\(claim.id):-\(try #require(token))"))
            let removal = try await backends[0].remove(claim.id)
            #expect(removal == .removed)
        }
    }

    @Test func `a claim that was placed in the dark is removed by its keys`() async throws {
        let server = try await RedisServer()
        let proxy = try await FaultProxy(to: server.port)
        try await server.backends(through: proxy) {
            $0.requestTimeout = .milliseconds(300)
        } _: { backends in
            let parts = [Claim.Part("a", .shared), Claim.Part("b")]
            let claim = try claims.next(parts)
            try await backends[0].hold(claims.next("warm"))
            proxy.replies = .drop
            _ = try? await backends[0].place(claim, .ifFree)
            proxy.replies = .pass
            proxy.cut()
            try await eventually("it is removed") { (try? await backends[0].remove(claim.id)) == .removed }
            let left = try server.keysLeft()
            #expect(left == ["lock:warm"])
        }
    }

    @Test(arguments: [
        (["CONFIG", "SET", "maxmemory", "1"], "OOM"), (["REPLICAOF", "127.0.0.1", "1"], "READONLY"),
        (["CONFIG", "SET", "min-replicas-to-write", "1"], "NOREPLICAS"),
    ])
    func `a server that cannot write is unavailable, never busy`(_ spoil: [String], _ code: String) async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let wire = try RawConnection(unix: server.socket)
            let holder = try claims.next("k")
            try await backends[0].hold(holder)
            _ = try wire.command(spoil)
            for condition in [PlaceCondition.always, .ifFree] {
                let error = await #expect(throws: LockError.self) {
                    _ = try await backends[0].place(claims.next("other"), condition)
                }
                #expect(error?.code == .unavailable, "\(String(describing: error))")
            }
        }
    }

    @Test func `who has no memory left can still let go`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let (holder, waiter) = try (claims.next("k"), claims.next("k"))
            try await backends[0].hold(holder)
            try await backends[0].wait(waiter)
            try server.command("CONFIG", "SET", "maxmemory", "1")
            let removal = try await backends[0].remove(holder.id)
            #expect(removal == .removed)
            _ = try await backends[0].grant(of: waiter.id)
            let outcome = try await backends[0].extend([waiter.id], for: .seconds(30))
            #expect(outcome == Extension())
        }
    }

    @Test func `a user without permission is denied`() async throws {
        let server = try await RedisServer()
        try server.command("ACL", "SETUSER", "weak", "on", ">secret", "~other:*", "&*", "+@all")
        try await server.backends {
            $0.credentials = .init(user: "weak", password: "secret")
        } _: { backends in
            let error = await #expect(throws: LockError.self) {
                _ = try await backends[0].place(claims.next("k"), .always)
            }
            #expect(error?.code == .denied, "\(String(describing: error))")
        }
    }

    @Test func `a thousand renewals are few calls`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let held = try (0..<1000).map { try claims.next(LockKey(unchecked: "k\($0)"), life: .seconds(5)) }
            for claim in held { try await backends[0].hold(claim) }
            let foreign = try claims.next("k0")
            try await backends[0].wait(foreign)
            try server.command("DEL", "lock:k7")
            try server.command("CONFIG", "RESETSTAT")
            let outcome = try await backends[0].extend(held.map(\.id) + [foreign.id], for: .seconds(30))
            #expect(outcome.gone == [held[7].id] && outcome.asked.isEmpty)
            let calls = try server.calls()["evalsha", default: 0] + server.calls()["eval", default: 0]
            #expect(calls <= 12, "\(calls) calls")
            let left = try #require(try server.command("PTTL", "lock:k999").int)
            #expect(left > 25_000)
        }
    }

    @Test func `what has too few replicas is not granted`() async throws {
        let (server, replica) = (try await RedisServer(), try await RedisServer())
        try await server.backends {
            $0.durability = .replicas(1, within: .milliseconds(200))
        } _: { backends in
            let error = await #expect(throws: LockError.self) {
                _ = try await backends[0].place(claims.next("alone"), .always)
            }
            #expect(error?.code == .unavailable)
            try await replica.follow(server)
            let (holder, waiter) = try (claims.next("k"), claims.next("k"))
            try await backends[0].hold(holder)
            try await backends[0].wait(waiter)
            replica.pause()
            _ = try await backends[0].remove(holder.id)
            let tooFew = await #expect(throws: LockError.self) { _ = try await backends[0].grant(of: waiter.id) }
            #expect(tooFew?.code == .leaseLost)
            replica.resume()
            try await eventually("a grant with a replica") {
                (try? await backends[0].place(claims.next("k"), .ifFree))?.token != nil
            }
        }
    }

    @Test func `an owner who is asked, or robbed, gets a hint`() async throws {
        let server = try await RedisServer()
        try await server.backends(2) { backends in
            var hints = backends[0].hints().makeAsyncIterator()
            let claim = try claims.next("k")
            try await backends[0].hold(claim)
            _ = try await backends[1].ask(claim.id)
            let asked = await hints.next()
            #expect(asked == [claim.id])
            let outcome = try await backends[0].extend([claim.id], for: .seconds(30))
            #expect(outcome.asked == [claim.id])
            _ = try await backends[1].remove(claim.id)
            let robbed = await hints.next()
            #expect(robbed == [claim.id])
            let after = try await backends[0].extend([claim.id], for: .seconds(30))
            #expect(after.gone == [claim.id])
        }
    }
}
#endif
