#if MySQL
import Holdfast
import ServerKit
import Testing

@testable import HoldfastMySQL

/// Many waiters on few sessions, waits that are given up, other programs' locks.
@Suite(.serialized, .timeLimit(.minutes(2))) struct NamedQueueTests {
    private let claims = Claims()

    private func sessions(_ server: MySQLServer) async throws -> Int {
        let corner = try await Corner(server)
        let answer = try await corner.ask("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'root'")
        return (answer.results.first?.first.flatMap { Int($0) } ?? 0) - 1
    }

    @Test func `a thousand waiters on one key need one session that waits`() async throws {
        let server = try await MySQLServer()
        let corner = try await Corner(server)
        try await corner.named(2) { backends in
            let holder = try claims.next("k")
            try await backends[0].hold(holder)
            let waiters = try (0..<1000).map { _ in try claims.next("k") }
            for waiter in waiters { try await backends[1].wait(waiter) }
            let count = try await sessions(server)
            // For each client one that gives orders and one that tries; and the one that waits.
            #expect(count <= 5)
            async let last = backends[1].grant(of: waiters[999].id)
            _ = try await backends[0].remove(holder.id)
            var tokens: [FencingToken] = []
            for waiter in waiters {
                tokens.append(try await backends[1].grant(of: waiter.id).token)
                let removal = try await backends[1].remove(waiter.id)
                #expect(removal == .removed)
            }
            _ = try await last
            #expect(tokens == tokens.sorted() && Set(tokens).count == tokens.count)
            let left = try await corner.waiting()
            #expect(left == [])
        }
    }

    @Test func `fifty keys of others are awaited on eight sessions`() async throws {
        let server = try await MySQLServer()
        var corner = try await Corner(server)
        corner.configuration.connections = 8
        try await corner.named(2) { backends in
            let holders = try (0..<50).map { try claims.next("k\($0)") }
            let waiters = try (0..<50).map { try claims.next("k\($0)") }
            for holder in holders { try await backends[0].hold(holder) }
            for waiter in waiters { try await backends[1].wait(waiter) }
            let count = try await sessions(server)
            #expect(count <= 2 * 9)
            // In another order than they came.
            for index in (0..<50).reversed() {
                _ = try await backends[0].remove(holders[index].id)
                _ = try await backends[1].grant(of: waiters[index].id)
            }
            for waiter in waiters { _ = try await backends[1].remove(waiter.id) }
            for holder in holders {
                let placement = try await backends[0].place(claims.next(holder.parts[0].key), .ifFree)
                #expect(placement.token != nil)
            }
        }
    }

    @Test func `a wait that is given up is broken off at the server, and its session waits for the next`() async throws
    {
        let corner = try await Corner()
        try await corner.named(2) { backends in
            let holder = try claims.next("k")
            try await backends[0].hold(holder)
            for round in 0..<10 {
                let waiter = try claims.next("k")
                try await backends[1].wait(waiter)
                if round.isMultiple(of: 2) {
                    try await eventually("it waits") { try await corner.waiting().count == 1 }
                }
                let removal = try await backends[1].remove(waiter.id)
                #expect(removal == .removed)
                if round < 8 { try await eventually("nobody waits") { try await corner.waiting().isEmpty } }
            }
            _ = try await backends[0].remove(holder.id)
            let next = try claims.next("k")
            if case .waiting = try await backends[1].place(next, .always) {
                _ = try await backends[1].grant(of: next.id)
            }
        }
    }

    @Test func `another program's lock of the same name excludes ours, and ours its`() async throws {
        let corner = try await Corner()
        let name = corner.configuration.prefix + "k"
        try await corner.named(1) { backends in
            let other = try await corner.server.session()
            let theirs = try await other.run("SELECT GET_LOCK('\(name)', 0)", within: .seconds(5))
            #expect(theirs.results.first?.first == "1")
            let refused = try await backends[0].place(claims.next("k"), .ifFree)
            #expect(refused == .refused)
            let waiter = try claims.next("k")
            try await backends[0].wait(waiter)
            _ = try await other.run("DO RELEASE_LOCK('\(name)')", within: .seconds(5))
            _ = try await backends[0].grant(of: waiter.id)
            let mine = try await other.run("SELECT GET_LOCK('\(name)', 0)", within: .seconds(5))
            #expect(mine.results.first?.first == "0")
            await other.close()
        }
    }

    @Test func `modes and several keys are refused at the door`() async throws {
        let corner = try await Corner()
        try await corner.named(1) { backends in
            let shared = try claims.next("k", .shared)
            let two = try claims.next([Claim.Part("a"), Claim.Part("b")])
            for claim in [shared, two] {
                let error = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
                #expect(error?.code == .unsupported && error?.message.contains("locks=table") == true)
            }
        }
    }

    @Test func `a circle of waits is broken by the server, and named so`() async throws {
        let corner = try await Corner()
        let (one, other) = (try await corner.server.session(), try await corner.server.session())
        _ = try await one.run("SELECT GET_LOCK('\(corner.configuration.prefix)a', 0)", within: .seconds(5))
        _ = try await other.run("SELECT GET_LOCK('\(corner.configuration.prefix)b', 0)", within: .seconds(5))
        async let waiting = one.run("SELECT GET_LOCK('\(corner.configuration.prefix)b', 30)", within: .seconds(40))
        try await eventually("it waits") { try await corner.waiting().count == 1 }
        let victim = try await other.run(
            "SELECT GET_LOCK('\(corner.configuration.prefix)a', 30)", within: .seconds(40))
        #expect(victim.fault?.lockError("there").code == .deadlock)
        await other.close()
        let got = try await waiting
        #expect(got.results.first?.first == "1")
        await one.close()
    }
}
#endif
