import Holdfast
import ServerKit
import Testing

@testable import HoldfastSQL

/// Named locks on a server whose every answer the test gives: what no real one does on demand.
@Suite(.timeLimit(.minutes(1))) struct NamedEngineTests {
    private let token: FencingToken

    init() throws { token = try #require(FencingToken(rawValue: 7)) }

    @Test func `a session that ends as it is opened holds up no name`() async throws {
        try await running { engine, server in
            async let placed = engine.place(try claim(1, "k"), .always)
            try await asked(server, 0)
            server.endNext(2)
            try await answer(engine, server, 0) { .init(tries: $0.tries.map { _ in .busy }) }
            #expect(try await placed == .waiting())
            // The first session tries, two are stillborn, and the fourth waits.
            try await answer(engine, server, 3) { .init(tries: $0.tries.map { _ in .held(token) }) }
            #expect(try await engine.desk.wait(for: Claim.ID(client: 1, sequence: 1)).token == token)
        }
    }

    @Test func `what is under way when a session is given up is answered`() async throws {
        try await running { engine, server in
            let fault = NamedFault(LockError(.unavailable, "refused"), isTransient: true)
            async let first = failure { try await engine.place(try claim(1, "a"), .always) }
            for _ in 0..<4 { try await answer(engine, server, 0) { _ in .init(fault: fault) } }
            #expect(await first == .unavailable)
            // The fifth is under way: this goes with the sixth, after which the session is given up.
            try await asked(server, 0)
            async let second = failure { try await engine.place(try claim(2, "b"), .always) }
            try await eventually("it is ordered") { await engine.ordersCount > 0 }
            for _ in 0..<2 { try await answer(engine, server, 0) { _ in .init(fault: fault) } }
            let began = ContinuousClock.now
            #expect(await second == .unavailable)
            #expect(ContinuousClock.now - began < server.bounds.requestTimeout / 2)
            #expect(server.wires[0].isOver)
            async let third = engine.place(try claim(3, "b"), .always)
            try await answer(engine, server, 1) { .init(tries: $0.tries.map { _ in .held(token) }) }
            #expect(try await third == .held(Grant(token: token)))
        }
    }

    @Test func `an answer that comes late does not end its session before all of it is told`() async throws {
        try await running { engine, server in
            async let held = engine.place(try claim(1, "a"), .always)
            try await answer(engine, server, 0) { .init(tries: $0.tries.map { _ in .held(token) }) }
            #expect(try await held == .held(Grant(token: token)))
            async let looked = engine.extend([Claim.ID(client: 1, sequence: 1)], for: .seconds(1))
            try await asked(server, 0)
            async let removed = engine.remove(Claim.ID(client: 1, sequence: 1))
            async let other = engine.place(try claim(2, "b"), .always)
            try await eventually("both are ordered") { await engine.ordersCount == 2 }
            try await answer(engine, server, 0) { .init(checks: $0.checks.map { _ in true }) }
            _ = try await looked
            try await asked(server, 0)
            #expect(try await engine.place(try claim(3, "a"), .always) == .waiting())
            // So long that a session which did nothing else would be of no more use.
            try await ContinuousClock().sleep(for: .milliseconds(800))
            try await answer(engine, server, 0) { batch in
                .init(releases: batch.releases.map { _ in true }, tries: batch.tries.map { _ in .held(token) })
            }
            #expect(try await removed == .removed)
            #expect(try await other == .held(Grant(token: token)))
            #expect(!server.wires[0].isOver)
            try await answer(engine, server, 0) { .init(tries: $0.tries.map { _ in .held(token) }) }
            #expect(try await engine.desk.wait(for: Claim.ID(client: 1, sequence: 3)).token == token)
        }
    }

    // MARK: -

    private func running(
        _ body: @escaping @Sendable (NamedEngine, ScriptedServer) async throws -> Void
    ) async throws {
        let server = ScriptedServer()
        let engine = try NamedEngine(server, logger: nil) { _ in }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: engine.loop) { await engine.run() }
            group.addTask { try await body(engine, server) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func claim(_ number: UInt64, _ key: LockKey) throws(LockError) -> Claim {
        try Claim(
            id: Claim.ID(client: 1, sequence: number), parts: [Claim.Part(key)], timeToLive: .seconds(1),
            owner: .current())
    }

    private func failure(_ body: () async throws -> Placement) async -> LockError.Code? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? LockError)?.code
        }
    }

    private func asked(_ server: ScriptedServer, _ number: Int) async throws {
        try await eventually("session \(number) is asked") {
            server.wires.count > number && !server.wires[number].asked.isEmpty
        }
    }

    private func answer(
        _ engine: NamedEngine, _ server: ScriptedServer, _ number: Int,
        _ make: @escaping @Sendable (NamedBatch) -> NamedBatch.Outcome
    ) async throws {
        try await asked(server, number)
        let wire = server.wires[number]
        await engine.onLoop { wire.answer(make) }
    }
}

extension NamedEngine {
    fileprivate func onLoop(_ body: @Sendable () -> Void) { body() }

    /// What is to be asked when what is under way is answered.
    fileprivate var ordersCount: Int { sessions.values.reduce(0) { $0 + $1.orders.count } }
}

extension NamedBatch.Outcome {
    fileprivate init(releases: [Bool] = [], checks: [Bool] = [], tries: [NamedBatch.Try] = []) {
        self.init(fault: nil)
        (self.releases, self.checks, self.tries) = (releases, checks, tries)
    }
}
