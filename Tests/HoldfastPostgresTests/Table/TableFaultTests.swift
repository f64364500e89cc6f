#if Postgres
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastPostgres

/// A server that dies, sessions that are ended in the middle of a step, tables that are gone or another's.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TableFaultTests {
    private let claims = Claims()

    @Test func `a server that is killed has its claims afterwards, and gives no token twice`() async throws {
        // Whatever the server's settings are: what a caller relies on is flushed.
        let server = try await PostgresServer(config: "synchronous_commit = off", "wal_writer_delay = 10s")
        let corner = try await Corner(server)
        var last: FencingToken?
        for round in 0..<3 {
            let before = last
            last = try await corner.backends { backends in
                let claim = try claims.next("k\(round)", life: .seconds(3600))
                let token = try await backends[0].hold(claim)
                if let before { #expect(token > before) }
                // Its removal may be lost with the server: it is not flushed where nobody waits.
                let rest = try claims.next("rest\(round)")
                let later = try await backends[0].hold(rest)
                _ = try await backends[0].remove(rest.id)
                server.kill()
                try await server.start()
                let again = try await backends[0].placeWhenBack(claim)
                #expect(again.token == token)
                let next = try await backends[0].hold(claims.next("other\(round)"))
                #expect(next > later)
                return next
            }
            // What the sequence was is no matter: it goes on from the time where the server is another.
            _ = try await corner.ask("SELECT setval('holdfast.places', 1, false)")
            server.kill()
            try await server.start()
        }
    }

    @Test func `an extension that was answered outlives the server's end`() async throws {
        let server = try await PostgresServer(config: "synchronous_commit = off", "wal_writer_delay = 10s")
        let corner = try await Corner(server)
        try await corner.backends { backends in
            let claim = try claims.next("k", life: .seconds(1))
            try await backends[0].hold(claim)
            let extended = try await backends[0].extend([claim.id], for: .seconds(60))
            #expect(extended.gone.isEmpty)
            server.kill()
            try await server.start()
            let other = try claims.next("k")
            // The first life would be over by then.
            try await eventually("a first life's end") {
                try await corner.ask("SELECT count(*) FROM holdfast.claims WHERE placed_at < now() - interval '1.1 s'")
                    == ["1"]
            }
            let placed = try await backends[0].placeWhenBack(other, .ifFree)
            guard case .refused = placed else { throw TestFailure("\(placed)") }
        }
    }

    @Test func `sessions that are ended in the middle of a step leave no key locked, and no two holders`() async throws
    {
        let corner = try await Corner()
        let room = Room()
        try await corner.backends(2) { backends in
            let end = ContinuousClock.now + .seconds(4)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while ContinuousClock.now < end {
                        let verb = Bool.random() ? "pg_terminate_backend" : "pg_cancel_backend"
                        _ = try await corner.ask(
                            """
                            SELECT \(verb)(pid) FROM pg_stat_activity WHERE state = 'active'
                            AND query LIKE '%"holdfast".%' AND pid <> pg_backend_pid()
                            """)
                        try await ContinuousClock().sleep(for: .milliseconds(20))
                    }
                }
                for worker in 0..<8 {
                    let backend = backends[worker % 2]
                    group.addTask {
                        while ContinuousClock.now < end {
                            let claim = try claims.next([Claim.Part("a"), Claim.Part("b\(worker % 2)")])
                            do throws(LockError) {
                                if case .waiting = try await backend.place(claim, .always) {
                                    _ = try await backend.grant(of: claim.id)
                                }
                                let others = room.inside.wrappingAdd(1, ordering: .relaxed).oldValue
                                #expect(others == 0)
                                await Task.yield()
                                room.inside.wrappingSubtract(1, ordering: .relaxed)
                            } catch {
                                #expect(error.code == .unavailable, "\(error)")
                            }
                            while (try? await backend.remove(claim.id)) == nil {}
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await backends[0].hold(claims.next("a"))
        }
    }

    private final class Room: Sendable {
        let inside = Atomic(0)
    }

    @Test func `tables that are dropped are made anew, and what they held is lost`() async throws {
        let corner = try await Corner(PostgresServer())
        try await corner.backends { backends in
            let held = try claims.next("k")
            let token = try await backends[0].hold(held)
            _ = try await corner.ask("DROP SCHEMA holdfast CASCADE")
            let next = try await backends[0].hold(claims.next("k"))
            #expect(next > token)
            let extended = try await backends[0].extend([held.id], for: .seconds(60))
            #expect(extended.gone == [held.id])
        }
    }

    @Test func `tables of another version are refused`() async throws {
        let corner = try await Corner(PostgresServer())
        try await corner.backends { backends in
            try await backends[0].hold(claims.next("k"))
            _ = try await corner.ask("UPDATE holdfast.layout SET version = 99")
            let claim = try claims.next("k2")
            let error = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
            #expect(error?.code == .storeUnusable && error?.message.contains("version") == true)
        }
        try await corner.backends { backends in
            let claim = try claims.next("k")
            let error = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
            #expect(error?.code == .storeUnusable && error?.message.contains("version") == true)
        }
    }

    @Test func `a role that may not make tables is told so, and takes locks in those that it is given`() async throws {
        let corner = try await Corner(PostgresServer())
        _ = try await corner.ask("CREATE ROLE app LOGIN")
        var poor = corner
        poor.configuration.credentials = .init(user: "app")
        try await poor.backends { backends in
            let claim = try claims.next("k")
            let error = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
            #expect(error?.code == .denied && error?.message.contains("may not make the schema") == true)
        }
        let script = try poor.configuration.script(for: "app")
        try await corner.server.psql(script)
        try await poor.backends(2) { backends in
            let claim = try claims.next("k")
            try await backends[0].hold(claim)
            let next = try claims.next("k")
            try await backends[1].wait(next)
            _ = try await backends[0].remove(claim.id)
            _ = try await backends[1].grant(of: next.id)
        }
    }

    @Test func `a role whose transactions are serializable takes locks all the same`() async throws {
        let corner = try await Corner(
            PostgresServer(config: "default_transaction_isolation = serializable", "statement_timeout = 1"))
        try await corner.backends { backends in
            let claim = try claims.next("k")
            try await backends[0].hold(claim)
        }
    }
}
#endif
