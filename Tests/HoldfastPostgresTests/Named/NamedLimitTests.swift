#if Postgres
import Holdfast
import ServerKit
import Testing

@testable import HoldfastPostgres

/// Servers that have no room: what is refused says so, and what is held stays (fault F47).
@Suite(.serialized, .timeLimit(.minutes(1))) struct NamedLimitTests {
    private let claims = Claims()

    @Test func `a lock table without room refuses the next lock, and what is held stays`() async throws {
        let server = try await PostgresServer(config: "max_locks_per_transaction = 10", "max_connections = 10")
        let corner = try await Corner(server)
        try await corner.named(1) { backends in
            var (held, refusal): ([Claim.ID], LockError?) = ([], nil)
            while refusal == nil {
                let claim = try claims.next("key \(held.count)")
                refusal = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
                if refusal == nil { held.append(claim.id) }
                try #require(held.count < 10_000)
            }
            #expect(refusal?.code == .unavailable)
            #expect(refusal?.message.contains("max_locks_per_transaction") == true)
            let extended = try await backends[0].extend(held, for: .seconds(30))
            #expect(extended.gone.isEmpty)
            // Nothing of the refused one is left, and there is room again where one leaves.
            for id in held.suffix(20) { _ = try await backends[0].remove(id) }
            let count = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            #expect(try await corner.ask(count) == ["\(held.count - 20)"])
            try await backends[0].hold(claims.next("another"))
        }
    }

    @Test func `a server without a session to spare says so, and what is held stays`() async throws {
        let server = try await PostgresServer(config: "max_connections = 6", "superuser_reserved_connections = 0")
        let corner = try await Corner(server)
        try await corner.named(2) { backends in
            let held = try claims.next("k")
            try await backends[0].hold(held)
            var others: [PostgresSession] = []
            while let session = try? await server.session() { others.append(session) }
            let next = try claims.next("l")
            let refusal = await failure { () throws(LockError) in try await backends[1].place(next, .ifFree) }
            #expect(refusal?.code == .unavailable && refusal?.message.contains("max_connections") == true)
            #expect(try await backends[0].extend([held.id], for: .seconds(30)).gone.isEmpty)
            for session in others { await session.close() }
            let later = try await backends[1].placeWhenBack(claims.next("l"))
            #expect(later.token != nil)
            let busy = try await backends[1].place(claims.next("k"), .ifFree)
            #expect(busy == .refused)
        }
    }
}

extension Corner {
    /// The argument of the server's lock functions for a key.
    func advisory(_ key: LockKey) throws -> String {
        switch try configuration.keys.id(of: configuration.prefix + key.text) {
        case .one(let number): "\(number)::bigint"
        case .pair(let first, let second): "\(first)::int, \(second)::int"
        }
    }
}
#endif
