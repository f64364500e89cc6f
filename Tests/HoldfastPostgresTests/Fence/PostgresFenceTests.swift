#if Postgres
import Holdfast
import ServerKit
import Testing

@testable import HoldfastPostgres

/// A stale holder's write, refused by the database itself.
@Suite(.timeLimit(.minutes(1))) struct PostgresFenceTests {
    private let claims = Claims()

    @Test(arguments: ["orders", "Shop.Orders"])
    func `the write of a holder that has lost its lock is refused`(_ table: String) async throws {
        let corner = try await Corner(PostgresServer())
        let name = table.split(separator: ".").map { "\"\($0)\"" }.joined(separator: ".")
        if name.contains(".") { try await corner.server.psql("CREATE SCHEMA \"Shop\"") }
        try await corner.server.psql(
            "CREATE TABLE \(name) (id int PRIMARY KEY, state text); INSERT INTO \(name) VALUES (1, 'open')")
        // Twice does no harm.
        for _ in 0..<2 { try await corner.server.psql(PostgresFence.trigger(on: table)) }
        try await corner.backends { backends in
            let first = try claims.next("order/1")
            let stale = try await backends[0].hold(first)
            _ = try await backends[0].remove(first.id)
            let token = try await backends[0].hold(claims.next("order/1"))
            let session = try await corner.server.session()
            func write(_ state: String, _ token: FencingToken, _ condition: String = "") async throws -> PostgresResult
            {
                let text = "UPDATE \(name) SET state = $1, fence = $2 WHERE id = 1 \(condition) RETURNING id"
                return try await session.run(PostgresStatement(text, [state, "\(token.rawValue)"]))
            }
            for _ in 0..<2 {
                let written = try await write("paid", token)
                #expect(written == .rows([["1"]]))
            }
            guard case .failed(let fault) = try await write("cancelled", stale) else { throw TestFailure("written") }
            #expect(fault.state == PostgresFence.refusal)
            let missed = try await write("cancelled", stale, "AND fence <= $2")
            #expect(missed == .rows([]))
            let state = try await session.run(PostgresStatement("SELECT state FROM \(name)"))
            #expect(state.first == "paid")
            await session.close()
        }
    }

    @Test(arguments: [("a;b", "fence"), ("a.b.c", "fence"), ("", "fence"), ("t", "f\"x"), ("t", "f f"), ("é", "f")])
    func `names that are none are refused`(_ table: String, _ column: String) {
        let error = #expect(throws: LockError.self) { _ = try PostgresFence.trigger(on: table, column: column) }
        #expect(error?.code == .invalidArgument)
    }
}
#endif
