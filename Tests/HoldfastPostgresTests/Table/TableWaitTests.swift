#if Postgres
import Holdfast
import HoldfastTesting
import ServerKit
import Testing

@testable import HoldfastPostgres

/// How waiters of other processes hear of their grant, and what many of them cost.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TableWaitTests {
    private let claims = Claims()
    /// Nothing is looked up in the time of a test.
    private static let deaf = {
        var bounds = PostgresBounds()
        bounds.firstLook = .seconds(300)
        bounds.listeningLook = .seconds(300)
        return bounds
    }()

    @Test func `a grant by another process is told`() async throws {
        try await handOver(Corner(), bounds: Self.deaf, within: .seconds(2))
    }

    @Test func `where nobody listens it is found soon`() async throws {
        var corner = try await Corner()
        corner.configuration.listening = .never
        try await handOver(corner, bounds: PostgresBounds(), within: .seconds(2))
    }

    private func handOver(_ corner: Corner, bounds: PostgresBounds, within limit: Duration) async throws {
        try await corner.backends(2, bounds: bounds) { backends in
            if corner.configuration.listening != .never {
                try await eventually("both listen") { backends.allSatisfy(\.ear.isListening) }
            }
            for round in 0..<5 {
                let (first, second) = try (claims.next("k\(round)"), claims.next("k\(round)"))
                try await backends[0].hold(first)
                try await backends[1].wait(second)
                async let grant = backends[1].grant(of: second.id)
                try await eventually("it waits") { backends[1].roster.hasWaiters }
                let start = ContinuousClock.now
                _ = try await backends[0].remove(first.id)
                _ = try await grant
                let took = ContinuousClock.now - start
                #expect(took < limit, "\(took)")
            }
        }
    }

    @Test func `a listener that is cut off finds what it was told meanwhile`() async throws {
        let corner = try await Corner()
        try await corner.backends(2, bounds: Self.deaf) { backends in
            try await eventually("both listen") { backends.allSatisfy(\.ear.isListening) }
            let (first, second) = try (claims.next("k"), claims.next("k"))
            try await backends[0].hold(first)
            try await backends[1].wait(second)
            async let grant = backends[1].grant(of: second.id)
            try await eventually("it waits") { backends[1].roster.hasWaiters }
            let listeners = "query = 'LISTEN \(backends[1].ear.channel)'"
            let ended = try await corner.ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE \(listeners)")
            #expect(ended == ["t"])
            _ = try await backends[0].remove(first.id)
            _ = try await grant
        }
    }

    @Test func `a thousand waiters need a few sessions, and all have their turn`() async throws {
        let corner = try await Corner(PostgresServer())
        try await LockClient.withClient(backend: corner.backend()) { locks in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let held = try await locks.acquire("k")
                for _ in 0..<1_000 { group.addTask { try await locks.withLock("k") { _ in } } }
                try await eventually("they wait", within: .seconds(60)) {
                    try await corner.ask("SELECT count(*) FROM holdfast.claims WHERE token IS NULL") == ["1000"]
                }
                let sessions = try await corner.ask(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast'")
                // The question's own session has another name.
                #expect(
                    sessions.compactMap(\.self).compactMap { Int($0) }.first ?? 0 <= corner.configuration.connections
                        + 1, "\(sessions)")
                try await held.release()
                for try await _ in group {}
            }
        }
        let left = try await corner.left()
        #expect(left == [])
    }

    @Test(.timeLimit(.minutes(2))) func `owners that give up at any moment leave nothing`() async throws {
        let corner = try await Corner()
        try await Abandon.atAnyPoint(corner.backend()) { try await corner.left() }
    }
}
#endif
