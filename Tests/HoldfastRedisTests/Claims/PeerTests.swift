#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

@Suite struct PeerTests {
    private let claims = Claims()

    @Test(arguments: [LockMode.exclusive, .shared, .permits(1, of: 3), .path(.intentionExclusive)])
    func `redis-py gets nothing while a claim of ours is held`(_ mode: LockMode) async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let peer = RedisPy(server: server)
            let (first, second) = try (claims.next("k", mode), claims.next("k", mode))
            try await backends[0].hold(first)
            let whileHeld = try await peer.acquire("lock:k")
            #expect(whileHeld == nil)
            if mode != .exclusive {
                // The string stays as long as the last of several lives.
                try await backends[0].hold(second)
                _ = try await backends[0].remove(first.id)
                let whileOtherHeld = try await peer.acquire("lock:k")
                #expect(whileOtherHeld == nil)
                _ = try await backends[0].remove(second.id)
            } else {
                _ = try await backends[0].remove(first.id)
            }
            let token = try #require(try await peer.acquire("lock:k"))
            let refused = try await backends[0].place(claims.next("k", mode), .ifFree)
            #expect(refused == .refused)
            let wasReleased = try await peer.release("lock:k", token)
            #expect(wasReleased)
            try await backends[0].hold(claims.next("k", mode))
        }
    }

    @Test func `a waiter takes over from redis-py soon after its release`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let peer = RedisPy(server: server)
            let token = try #require(try await peer.acquire("lock:k"))
            let waiter = try claims.next("k")
            try await backends[0].wait(waiter)
            _ = try await peer.release("lock:k", token)
            let start = ContinuousClock.now
            _ = try await backends[0].grant(of: waiter.id)
            let took = ContinuousClock.now - start
            #expect(took < .milliseconds(500), "took \(took)")
            // Its stale release does not touch us.
            let wasReleased = try await peer.release("lock:k", token)
            #expect(!wasReleased)
            let again = try await backends[0].place(waiter, .always)
            #expect(again.token != nil)
        }
    }

    @Test func `a raw name is shared as it is, with a tag and braces of its own`() async throws {
        let server = try await RedisServer()
        try await server.backends {
            $0.prefix = ""; $0.names = .raw
        } _: { backends in
            let peer = RedisPy(server: server)
            for name in ["orders 42", "{orders}42", "a}b{", "{}", "{a", "x{y}{z}"] {
                let claim = try claims.next(LockKey(unchecked: name))
                try await backends[0].hold(claim)
                let isThere = try server.command("EXISTS", name).int
                #expect(isThere == 1)
                let whileHeld = try await peer.acquire(name)
                #expect(whileHeld == nil)
                let waiter = try claims.next(LockKey(unchecked: name))
                try await backends[0].wait(waiter)
                _ = try await backends[0].remove(claim.id)
                _ = try await backends[0].grant(of: waiter.id)
                _ = try await backends[0].remove(waiter.id)
            }
            let left = try server.keysLeft()
            #expect(left == [])
        }
    }

    @Test func `a brace in an encoded name is no tag`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let claim = try claims.next("{a}b")
            try await backends[0].hold(claim)
            let keys = try server.command("KEYS", "*").elements?.compactMap(\.text).sorted()
            #expect(keys == ["lock:%7Ba%7Db", "{lock:%7Ba%7Db}:hf:t"])
        }
    }

    @Test func `when a peer's life is over, nobody overtakes those who wait`() async throws {
        let server = try await RedisServer()
        let sleeper = try RedisBackend(server.configuration)
        try await server.backends { backends in
            // It waits, and does not look.
            try await sleeper.link.running { _ in
                try server.command("SET", "lock:k", "a peer's secret", "NX", "PX", "300")
                let (waiter, newcomer) = try (claims.next("k"), claims.next("k"))
                try await sleeper.wait(waiter)
                try await eventually("the peer is gone") { try server.command("EXISTS", "lock:k").int == 0 }
                let placement = try await backends[0].place(newcomer, .always)
                #expect(placement == .waiting())
                _ = try await sleeper.grant(of: waiter.id)
            }
        }
    }

    @Test(arguments: [
        (["HSET", "lock:k", "8743c9c0-0795-4907-87fd-6c719a6b4586:1", "1"], "Redisson's lock"),
        (["HSET", "lock:k", "mode", "read"], "Redisson's read-write lock"),
        (["ZADD", "lock:k", "1", "a"], "sorted set"), (["SADD", "lock:k", "a"], "Medallion"),
        (["RPUSH", "lock:k", "a"], "list"), (["XADD", "lock:k", "*", "a", "b"], "stream"),
    ])
    func `a key of another layout is an error that names it`(_ write: [String], _ words: String) async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let wire = try RawConnection(unix: server.socket)
            _ = try wire.command(write)
            for condition in [PlaceCondition.always, .ifFree] {
                let claim = try claims.next("k")
                let error = await #expect(throws: LockError.self) {
                    _ = try await backends[0].place(claim, condition)
                }
                #expect(error?.code == .storeUnusable)
                #expect(error?.message.contains(words) == true, "\(String(describing: error))")
                let removal = try await backends[0].remove(claim.id)
                #expect(removal == .absent)
            }
            let findings = try await backends[0].examine()
            #expect(findings.contains { $0.subject == "layouts" && $0.weight == .danger && $0.text.contains(words) })
        }
    }

    @Test func `a deleted string is lost to all who hold by it`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let readers = try (0..<3).map { _ in try claims.next("k", .shared) }
            for reader in readers { try await backends[0].hold(reader) }
            try server.command("DEL", "lock:k")
            let outcome = try await backends[0].extend(readers.map(\.id), for: .seconds(30))
            #expect(outcome.gone == Set(readers.map(\.id)))
            try await backends[0].hold(claims.next("k"))
        }
    }

    @Test func `readers whose entries are lost keep others out until their lives end`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let reader = try claims.next("k", .shared, life: .seconds(1))
            try await backends[0].hold(reader)
            try server.command("DEL", "{lock:k}:hf:z", "{lock:k}:hf:e", "{lock:k}:hf:t")
            let (writer, late) = try (claims.next("k"), claims.next("k", .shared))
            try await backends[0].wait(writer)
            try await backends[0].wait(late)
            _ = try await backends[0].grant(of: writer.id)
        }
    }
}
#endif
