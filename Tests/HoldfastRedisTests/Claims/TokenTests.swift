#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

@Suite struct TokenTests {
    private let claims = Claims()

    @Test(arguments: ["flush", "restart", "counter"])
    func `tokens rise over the loss of data`(_ loss: String) async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            var last: FencingToken?
            for _ in 0..<5 {
                let claim = try claims.next("k")
                // The connection may have to come back.
                var token: FencingToken?
                try await eventually("a grant") {
                    do { token = try await backends[0].place(claim, .ifFree).token } catch let error as LockError {
                        guard error.isOutcomeUnknown else { throw error }
                    }
                    return token != nil
                }
                if let last { #expect(try #require(token) > last) }
                last = token
                switch loss {
                case "flush": try server.command("FLUSHALL")
                case "restart": try await server.restart()
                default: try server.command("DEL", "{lock:k}:hf:t", "lock:k")
                }
            }
        }
    }

    @Test func `a counter ahead of the clock is counted on`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            try server.command("SET", "{lock:k}:hf:t", "4503599627370496")
            let claim = try claims.next("k")
            let token = try await backends[0].hold(claim)
            #expect(token.rawValue == 4_503_599_627_370_497)
            let waiter = try claims.next("k")
            try await backends[0].wait(waiter)
            _ = try await backends[0].remove(claim.id)
            let grant = try await backends[0].grant(of: waiter.id)
            #expect(grant.token.rawValue == 4_503_599_627_370_498)
        }
    }

    @Test func `a counter outlives its last grant by 48 hours, and nothing else is left`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            for mode in [LockMode.exclusive, .shared, .permits(2, of: 3), .path(.upgradeable)] {
                let two = try [claims.next("k", mode), claims.next("k", mode)]
                for claim in two { _ = try await backends[0].place(claim, .always) }
                for claim in two { _ = try await backends[0].remove(claim.id) }
            }
            let left = try server.keysLeft()
            #expect(left == [])
            let life = try #require(try server.command("PTTL", "{lock:k}:hf:t").int)
            #expect(life > 47 * 3_600_000 && life <= 48 * 3_600_000)
            let text = try #require(try server.command("GET", "{lock:k}:hf:t").text)
            #expect(Int64(text) != nil)
        }
    }
}
#endif
