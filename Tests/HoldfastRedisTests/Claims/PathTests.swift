#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

@Suite struct PathTests {
    private let claims = Claims()

    private func claim(
        _ path: String, _ access: LockPath.Access = .exclusive, life: Duration = .seconds(30)
    ) throws -> Claim {
        try claims.next(LockPath(separating: path).parts(for: access), life: life)
    }

    @Test func `a path four deep takes the requests of a plain key`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            for warm in try [claims.next("k"), claim("w/x/y/z")] {
                try await backends[0].hold(warm)
                _ = try await backends[0].remove(warm.id)
            }
            for measured in try [claims.next("k"), claim("a/b/c/d"), claim("a/b/c/d", .shared)] {
                try server.command("CONFIG", "RESETSTAT")
                try await backends[0].hold(measured)
                let placing = try server.calls()
                _ = try await backends[0].remove(measured.id)
                let all = try server.calls()
                #expect(placing["evalsha"] == 1 && all["evalsha"] == 2, "\(measured.parts): \(all)")
                #expect(all["eval"] == nil && all["publish"] == nil, "\(all)")
            }
            let left = try server.keysLeft()
            #expect(left == [])
        }
    }

    @Test func `a path stands in the strings and counters of all of its ancestors`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let (writer, reader) = try (claim("a/b/c/d"), claim("a/b/e", .shared))
            let token = try await backends[0].hold(writer)
            let second = try await backends[0].hold(reader)
            func strings() throws -> [String?] {
                try ["a", "a/b", "a/b/c", "a/b/c/d", "a/b/e"].map { try server.command("GET", "lock:\($0)").text }
            }
            let one = "hf1=t0,1,0,0,0"
            let both = "hf1=t1,1,0,0,0"
            let before = try strings()
            #expect(before == [both, both, one, "hf1=t0,0,0,0,1", "hf1=t0,0,1,0,0"])
            for (key, last) in [("a", second), ("a/b", second), ("a/b/c", token), ("a/b/c/d", token)] {
                let counter = try #require(try server.command("GET", "{lock:\(key)}:hf:t").text)
                #expect(counter.hasPrefix("\(last.rawValue)q"), "\(key): \(counter)")
            }
            _ = try await backends[0].remove(reader.id)
            let after = try strings()
            #expect(after == [one, one, one, "hf1=t0,0,0,0,1", nil])
            _ = try await backends[0].remove(writer.id)
            let counter = try server.command("GET", "{lock:a}:hf:t").text
            #expect(counter == "\(second.rawValue)")
        }
    }

    @Test func `who dies below a path stands in nobody's way`() async throws {
        let server = try await RedisServer()
        try await server.backends(2) { backends in
            let (dead, alive) = try (claim("a/b", life: .seconds(1)), claim("a/c"))
            let reader = try claim("a", .shared)
            try await backends[0].hold(dead)
            try await backends[0].hold(alive)
            try await backends[1].wait(reader)
            // Its looks drop what is over.
            try await eventually("the dead is no longer counted") {
                try server.command("GET", "lock:a").text == "hf1=t0,1,0,0,0"
            }
            #expect(!backends[1].holds(reader.id))
            _ = try await backends[0].remove(alive.id)
            _ = try await backends[1].grant(of: reader.id)
            let string = try server.command("GET", "lock:a").text
            #expect(string == "hf1=t0,0,1,0,0")
        }
    }

    @Test func `those below a path are let in together, also behind a dead client`() async throws {
        let server = try await RedisServer()
        try await server.backends(2) { backends in
            let root = try claim("a")
            try await backends[0].hold(root)
            // A client that is gone, and whose claim is not over.
            try await server.backends { gone in try await gone[0].wait(claim("a/dead")) }
            // More than one call lets in.
            let waiters = try (0..<150).map { try claim("a/\($0)") }
            for waiter in waiters { try await backends[1].wait(waiter) }
            let start = ContinuousClock.now
            _ = try await backends[0].remove(root.id)
            for waiter in waiters { _ = try await backends[1].grant(of: waiter.id) }
            let took = ContinuousClock.now - start
            // A client that does not come is waited for by a second.
            #expect(took < .milliseconds(900), "took \(took)")
            let plain = try await lockError { _ = try await backends[0].place(claims.next("a"), .always) }
            #expect(plain?.code == .modeConflict && plain?.message.contains("a path") == true, "\(plain as Any)")
        }
    }

    @Test func `a key that is full of intentions lets the next one wait`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let first = try claims.next("a", .path(.intentionShared))
            try await backends[0].hold(first)
            try server.command("SET", "lock:a", "hf1=t1048575,0,0,0,0", "KEEPTTL")
            try await backends[0].hold(claims.next("a", .path(.shared)))
            let next = try claims.next("a", .path(.intentionShared))
            try await backends[0].wait(next)
            _ = try await backends[0].remove(first.id)
            _ = try await backends[0].grant(of: next.id)
        }
    }
}
#endif
