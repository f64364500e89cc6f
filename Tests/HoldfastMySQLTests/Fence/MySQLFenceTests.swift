#if MySQL
import Holdfast
import ServerKit
import Testing

@testable import HoldfastMySQL

/// A stale holder's write, refused by the database itself.
@Suite(.timeLimit(.minutes(1))) struct MySQLFenceTests {
    private let claims = Claims()

    @Test func `the write of a holder that has lost its lock is refused`() async throws {
        let corner = try await Corner()
        let session = try await corner.server.session()
        let made = try await session.run(
            "CREATE TABLE fenced_orders (id INT PRIMARY KEY, state TEXT); INSERT INTO fenced_orders VALUES (1, 'open')",
            within: .seconds(5))
        #expect(made.fault == nil)
        for statement in try MySQLFence.trigger(on: "fenced_orders") {
            let answer = try await session.run(statement, within: .seconds(5))
            #expect(answer.fault == nil)
        }
        try await corner.named(1) { backends in
            let first = try claims.next("order/1")
            let stale = try await backends[0].hold(first)
            _ = try await backends[0].remove(first.id)
            let token = try await backends[0].hold(claims.next("order/1"))
            func write(_ state: String, _ token: FencingToken, _ condition: String = "") async throws -> MySQLAnswer {
                try await session.run(
                    "UPDATE fenced_orders SET state='\(state)', fence=\(token.rawValue) WHERE id=1 \(condition)",
                    within: .seconds(5))
            }
            let written = try await write("paid", token)
            #expect(written.fault == nil)
            let refused = try await write("cancelled", stale)
            #expect(refused.fault?.number == 1644)
            let missed = try await write("cancelled", stale, "AND fence <= \(stale.rawValue)")
            #expect(missed.fault == nil)
            let state = try await session.run("SELECT state FROM fenced_orders", within: .seconds(5))
            #expect(state.results.first?.first == "paid")
        }
        await session.close()
    }

    @Test(arguments: [("a;b", "fence"), ("a.b.c", "fence"), ("", "fence"), ("t", "f`x"), ("t", "f f")])
    func `names that are none are refused`(_ table: String, _ column: String) {
        let error = #expect(throws: LockError.self) { _ = try MySQLFence.trigger(on: table, column: column) }
        #expect(error?.code == .invalidArgument)
    }
}
#endif
