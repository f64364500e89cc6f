#if MySQL
import Holdfast
import ServerKit
import Testing

@testable import HoldfastMySQL

/// Sessions that are killed, holders that stand still, a server that dies.
@Suite(.serialized, .timeLimit(.minutes(2))) struct NamedFaultTests {
    private let claims = Claims()

    private func client<R: Sendable>(
        _ configuration: MySQLConfiguration, life: Duration = .seconds(3),
        _ body: @escaping @Sendable (LockClient) async throws -> R
    ) async throws -> R {
        try await LockClient.withClient(
            backend: try MySQLBackend(configuration), configuration: LockClientConfiguration(timeToLive: life), body)
    }

    @Test func `a holder whose session is killed hears of it, and another goes on`() async throws {
        let corner = try await Corner()
        let name = corner.configuration.prefix + "k"
        try await client(corner.configuration, life: .seconds(30)) { locks in
            let owned = try await locks.acquire("k")
            let lease = owned.lease
            let began = ContinuousClock.now
            _ = try await corner.ask("KILL (SELECT IS_USED_LOCK('\(name)'))")
            let id = try await corner.ask("SELECT IS_USED_LOCK('\(name)')").results.first?.first ?? nil
            if let id { _ = try await corner.ask("KILL \(id)") }
            let loss = await lease.whenLost()
            #expect(loss != nil)
            #expect(ContinuousClock.now - began < .seconds(2))
            try await client(corner.configuration) { other in
                let next = try await other.acquire("k", wait: .upTo(.seconds(5)))
                #expect(next.lease.token > lease.token)
                try await next.release()
            }
            try? await owned.release()
            try await locks.withLock("k", wait: .upTo(.seconds(5))) { _ in }
        }
    }

    @Test(arguments: ["KILL", "KILL QUERY"])
    func `a waiter whose session is killed waits on`(_ kill: String) async throws {
        let corner = try await Corner()
        try await corner.named(2) { backends in
            let (holder, waiter) = (try claims.next("k"), try claims.next("k"))
            try await backends[0].hold(holder)
            try await backends[1].wait(waiter)
            for _ in 0..<3 {
                let before = try await corner.waiting()
                for id in before { _ = try await corner.ask("\(kill) \(id)") }
                try await eventually("it waits again") {
                    let after = try await corner.waiting()
                    return after.count == 1 && (kill == "KILL QUERY" || after != before)
                }
            }
            _ = try await backends[0].remove(holder.id)
            let grant = try await backends[1].grant(of: waiter.id)
            let again = try await backends[1].hold(waiter)
            #expect(again == grant.token)
        }
    }

    @Test func `a holder that stands still is freed after its life, and knows it before`() async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        var configuration = corner.configuration
        configuration.endpoints = [.init(host: "127.0.0.1", port: proxy.port)]
        try await client(configuration, life: .seconds(2)) { [configuration] locks in
            let owned = try await locks.acquire("k")
            let lease = owned.lease
            proxy.requests = .drop
            let began = ContinuousClock.now
            var direct = configuration
            direct.endpoints = corner.configuration.endpoints
            try await client(direct) { other in
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

    @Test func `a waiter that is extended while its grant is on the way is not told a life that is over`() async throws
    {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        var through = corner.configuration
        through.endpoints = [.init(host: "127.0.0.1", port: proxy.port)]
        let slow = try NamedBackend(through, logger: nil)
        let quick = try corner.named()
        try await running([slow, quick]) { backends in
            let (holder, waiter) = (try claims.next("k"), try claims.next("k", life: .seconds(2)))
            try await backends[1].hold(holder)
            try await backends[0].wait(waiter)
            try await eventually("it waits") { try await corner.waiting().count == 1 }
            proxy.replies = .hold
            _ = try await backends[1].remove(holder.id)
            let name = corner.configuration.prefix + "k"
            try await eventually("the server has granted it") {
                try await corner.ask("SELECT IS_USED_LOCK('\(name)')").results.first?.first != nil
            }
            let outcome = try await backends[0].extend([waiter.id], for: .seconds(2))
            #expect(outcome.gone.isEmpty)
            proxy.replies = .pass
            _ = try await backends[0].grant(of: waiter.id)
            let extendedAt = ContinuousClock.now
            // Its session was heard of after the extension: a rival comes no earlier than its life allows.
            let rival = try claims.next("k")
            try await backends[1].wait(rival)
            _ = try await backends[1].grant(of: rival.id)
            #expect(ContinuousClock.now - extendedAt > .seconds(1.5))
        }
    }

    @Test(arguments: ["--skip-log-bin", "--log-bin=binlog"])
    func `no token comes twice over a server that is killed`(_ log: String) async throws {
        let server = try await MySQLServer(log)
        var last: FencingToken?
        for round in 0..<4 {
            let corner = try await Corner(server)
            let before = last
            last = try await corner.named(2) { backends in
                let token = try await backends[0].hold(claims.next("k"))
                if let before { #expect(token > before) }
                if round == 0 {
                    // Far ahead of the clock: from here on only what is flushed counts.
                    _ = try await corner.ask(
                        "UPDATE holdfast_tokens SET token = token + 1000000000000000; DELETE FROM holdfast_draws")
                }
                // Another's draw that is never committed.
                let open = try await server.session()
                _ = try await open.run("BEGIN; UPDATE holdfast_tokens SET token = token + 1", within: .seconds(5))
                await open.close()
                let next = try await backends[1].hold(claims.next("l"))
                #expect(next > token)
                server.kill()
                return next
            }
            try await server.start()
        }
    }

    @Test func `a server that comes back is used again`() async throws {
        let server = try await MySQLServer()
        let corner = try await Corner(server)
        try await client(corner.configuration) { locks in
            let first = try await locks.withLock("k") { $0.token }
            server.kill()
            try await server.start()
            let next = try await locks.withLock("k", wait: .upTo(.seconds(20))) { $0.token }
            #expect(next > first)
        }
    }
}

extension Corner {
    /// The server's numbers of the sessions that wait for a named lock of this corner.
    func waiting() async throws -> [String] {
        let answer = try await ask(
            """
            SELECT id FROM information_schema.processlist WHERE state = 'User lock' \
            AND info LIKE '%\(configuration.prefix)%'
            """)
        return answer.results.first?.rows?.compactMap { $0[0] } ?? []
    }
}
#endif
