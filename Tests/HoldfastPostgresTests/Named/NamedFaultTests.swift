#if Postgres
import Holdfast
import ServerKit
import Testing

@testable import HoldfastPostgres

/// Sessions that are ended, holders that stand still, a server that dies, poolers.
@Suite(.serialized, .timeLimit(.minutes(2))) struct NamedFaultTests {
    private let claims = Claims()

    private func client<R: Sendable>(
        _ corner: Corner, port: Int? = nil, life: Duration = .seconds(3),
        _ body: @escaping @Sendable (LockClient) async throws -> R
    ) async throws -> R {
        var configuration = corner.configuration
        configuration.locks = .named
        if let port { configuration.endpoints = [.init(host: "127.0.0.1", port: port)] }
        return try await LockClient.withClient(
            backend: try PostgresBackend(configuration), configuration: LockClientConfiguration(timeToLive: life), body)
    }

    @Test func `a holder whose session is ended hears of it, and another goes on`() async throws {
        let corner = try await Corner()
        try await client(corner, life: .seconds(30)) { locks in
            let owned = try await locks.acquire("k")
            let lease = owned.lease
            let began = ContinuousClock.now
            for pid in try await corner.processes("k", isGranted: true) {
                _ = try await corner.ask("SELECT pg_terminate_backend(\(pid))")
            }
            let loss = await lease.whenLost()
            #expect(loss != nil)
            #expect(ContinuousClock.now - began < .seconds(2))
            try await client(corner) { other in
                let next = try await other.acquire("k", wait: .upTo(.seconds(5)))
                #expect(next.lease.token > lease.token)
                try await next.release()
            }
            try? await owned.release()
            try await locks.withLock("k", wait: .upTo(.seconds(5))) { _ in }
        }
    }

    @Test(arguments: ["pg_terminate_backend", "pg_cancel_backend"])
    func `a waiter whose session is ended waits on`(_ end: String) async throws {
        let corner = try await Corner()
        try await corner.named(2) { backends in
            let (holder, waiter) = (try claims.next("k"), try claims.next("k"))
            try await backends[0].hold(holder)
            try await backends[1].wait(waiter)
            for _ in 0..<3 {
                try await eventually("it waits") { try await corner.processes("k", isGranted: false).count == 1 }
                for pid in try await corner.processes("k", isGranted: false) {
                    _ = try await corner.ask("SELECT \(end)(\(pid))")
                }
            }
            try await eventually("it waits") { try await corner.processes("k", isGranted: false).count == 1 }
            _ = try await backends[0].remove(holder.id)
            let grant = try await backends[1].grant(of: waiter.id)
            let again = try await backends[1].hold(waiter)
            #expect(again == grant.token)
        }
    }

    @Test func `a holder that stands still is freed after its life, and knows it before`() async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        try await client(corner, port: proxy.port, life: .seconds(2)) { locks in
            let owned = try await locks.acquire("k")
            let lease = owned.lease
            proxy.requests = .drop
            let began = ContinuousClock.now
            try await client(corner) { other in
                let next = try await other.acquire("k", wait: .upTo(.seconds(10)))
                #expect(!lease.isHeld)
                #expect(next.lease.token > lease.token)
                try await next.release()
            }
            #expect(ContinuousClock.now - began < .seconds(3.5))
            proxy.requests = .pass
            proxy.cut()
            try? await owned.release()
        }
    }

    @Test func `no token comes twice over a server that is killed`() async throws {
        let server = try await PostgresServer(config: "synchronous_commit = off", "wal_writer_delay = 10s")
        let corner = try await Corner(server)
        var last: FencingToken?
        for round in 0..<4 {
            let before = last
            last = try await corner.named(2) { backends in
                let token = try await backends[0].hold(claims.next("k"))
                if let before { #expect(token > before) }
                if round == 0 {
                    // Far ahead of the clock: from here on only what is flushed counts.
                    _ = try await corner.ask("SELECT setval('holdfast.tokens', 4000000000000000)")
                }
                // Another's draw that is never committed.
                let open = try await server.session()
                _ = try await open.run(PostgresStatement("SELECT nextval('holdfast.tokens'), pg_sleep(0)"))
                let next = try await backends[1].hold(claims.next("l"))
                #expect(next > token)
                server.kill()
                return next
            }
            try await server.start()
        }
    }

    @Test func `a server that comes back is used again`() async throws {
        let server = try await PostgresServer()
        let corner = try await Corner(server)
        try await client(corner) { locks in
            let first = try await locks.withLock("k") { $0.token }
            server.kill()
            try await server.start()
            let next = try await locks.withLock("k", wait: .upTo(.seconds(20))) { $0.token }
            #expect(next > first)
        }
    }

    @Test func `a pooler is refused with the remedy, unless it is said to keep sessions`() async throws {
        var corner = try await Corner()
        let server = corner.server
        for (mode, isSaid) in [(PgBouncer.Mode.transaction, false), (.session, false), (.session, true)] {
            let pooler = try await PgBouncer(mode, to: server)
            corner.configuration.endpoints = [.init(host: "127.0.0.1", port: pooler.port)]
            corner.configuration.poolsSessions = isSaid
            try await corner.named(1) { backends in
                let claim = try claims.next("k")
                let error = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
                if isSaid {
                    #expect(error == nil)
                } else {
                    #expect(error?.code == .unsupported && error?.message.contains("locks=table") == true)
                }
            }
        }
    }

    @Test func `a sequence that is gone is made anew, and no number comes twice`() async throws {
        let corner = try await Corner(PostgresServer())
        try await corner.named(1) { backends in
            let first = try await backends[0].hold(claims.next("k"))
            _ = try await corner.ask("DROP SCHEMA holdfast CASCADE")
            let claim = try claims.next("l")
            try await eventually("another number is drawn") {
                guard let token = try? await backends[0].place(claim, .always).token else { return false }
                return token > first
            }
        }
    }

    @Test func `a role that may not make the sequence is told so`() async throws {
        var corner = try await Corner(PostgresServer())
        _ = try await corner.ask("CREATE ROLE app LOGIN")
        corner.configuration.credentials = .init(user: "app")
        try await corner.named(1) { backends in
            let claim = try claims.next("k")
            let error = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
            #expect(error?.code == .denied && error?.message.contains("docs/postgres.md") == true)
        }
        try await corner.server.psql(corner.namedConfiguration.script(for: "app"))
        try await corner.named(1) { backends in _ = try await backends[0].hold(claims.next("k")) }
    }
}

extension Corner {
    /// The server's processes that have, or wait for, the lock of a key.
    func processes(_ key: LockKey, isGranted: Bool) async throws -> [String] {
        let (high, low, kind) = try configuration.keys.id(of: configuration.prefix + key.text).catalogue
        return try await ask(
            """
            SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = \(high) AND objid = \(low)
            AND objsubid = \(kind) AND \(isGranted ? "" : "NOT") granted
            """
        ).compactMap(\.self)
    }
}
#endif
