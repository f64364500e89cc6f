#if MySQL
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastMySQL

/// Sessions that are killed in the middle of a step, a server that dies, tables of another version.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TableFaultTests {
    private let claims = Claims()

    @Test func `a server that is killed has its claims afterwards, and gives no token twice`() async throws {
        let server = try await MySQLServer()
        var last: FencingToken?
        for round in 0..<3 {
            let corner = try await Corner(server, .table)
            if round == 1 {
                // Far ahead of the clock: from here on only what is flushed counts.
                let ahead = try await corner.ask("ALTER TABLE holdfast_claims AUTO_INCREMENT = 4000000000000000")
                #expect(ahead.fault == nil)
            }
            let before = last
            last = try await running([try corner.table()]) { backends in
                let claim = try claims.next("k", life: .seconds(3600))
                let token = try await backends[0].hold(claim)
                if let before { #expect(token > before) }
                let rest = try claims.next("rest")
                let later = try await backends[0].hold(rest)
                _ = try await backends[0].remove(rest.id)
                server.kill()
                try await server.start()
                let again = try await backends[0].hold(claim)
                #expect(again == token)
                let next = try await backends[0].hold(claims.next("other"))
                #expect(next > later)
                return next
            }
            server.kill()
            try await server.start()
        }
    }

    @Test func `sessions that are killed in the middle of a step leave no key locked, and no two holders`() async throws
    {
        let corner = try await Corner(nil, .table)
        let room = Room()
        try await running([try corner.table(), try corner.table()]) { backends in
            let end = ContinuousClock.now + .seconds(4)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while ContinuousClock.now < end {
                        let running = try await corner.ask(
                            """
                            SELECT id FROM information_schema.processlist WHERE info LIKE '%holdfast_%' \
                            AND id <> CONNECTION_ID()
                            """)
                        for row in running.results.first?.rows ?? [] {
                            if let id = row[0] {
                                _ = try await corner.ask("KILL \(Bool.random() ? "QUERY" : "") \(id)")
                            }
                        }
                        try await ContinuousClock().sleep(for: .milliseconds(20))
                    }
                }
                for worker in 0..<8 {
                    group.addTask {
                        while ContinuousClock.now < end {
                            let claim = try claims.next([Claim.Part("a"), Claim.Part("b\(worker % 2)")])
                            do throws(LockError) {
                                if case .waiting = try await backends[worker % 2].place(claim, .always) {
                                    _ = try await backends[worker % 2].grant(of: claim.id)
                                }
                                let others = room.inside.wrappingAdd(1, ordering: .relaxed).oldValue
                                #expect(others == 0)
                                await Task.yield()
                                room.inside.wrappingSubtract(1, ordering: .relaxed)
                            } catch {
                                #expect(error.code == .unavailable, "\(error)")
                            }
                            while true {
                                if (try? await backends[worker % 2].remove(claim.id)) != nil { break }
                            }
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

    @Test func `tables that are dropped are made anew`() async throws {
        let server = try await MySQLServer()
        let corner = try await Corner(server, .table)
        try await running([try corner.table()]) { backends in
            try await backends[0].hold(claims.next("k"))
            _ = try await corner.ask("DROP TABLE holdfast_layout, holdfast_claims, holdfast_parts")
            try await backends[0].hold(claims.next("k"))
        }
    }

    @Test func `tables of another version are refused`() async throws {
        let server = try await MySQLServer()
        let corner = try await Corner(server, .table)
        try await running([try corner.table()]) { backends in
            try await backends[0].hold(claims.next("k"))
            _ = try await corner.ask("UPDATE holdfast_layout SET version = 99")
        }
        try await running([try corner.table()]) { backends in
            let claim = try claims.next("k")
            let error = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
            #expect(error?.code == .storeUnusable && error?.message.contains("version") == true)
        }
    }
}
#endif
