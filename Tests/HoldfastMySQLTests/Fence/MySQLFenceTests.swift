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

    /// A holder that stands still extends nothing, and does not know that its life is over when it writes.
    @Test(arguments: [true, false])
    func `a stopped holder's late write loses an update, unless it is fenced`(_ isFenced: Bool) async throws {
        let corner = try await Corner(nil, .table)
        let table = "fenced_counters_\(isFenced)"
        let made = try await corner.ask(
            """
            CREATE TABLE \(table) (id INT PRIMARY KEY, count INT NOT NULL, fence BIGINT NOT NULL DEFAULT 0); \
            INSERT INTO \(table) VALUES (1, 0, 0)
            """)
        #expect(made.fault == nil)
        @Sendable func count() async throws -> Int? {
            let answer = try await corner.ask("SELECT count FROM \(table) WHERE id = 1")
            return (answer.results.first?.first).flatMap { Int($0) }
        }
        /// - Returns: whether the row was written.
        @Sendable func write(_ count: Int, _ token: FencingToken) async throws -> Bool {
            let fence = isFenced ? "AND fence <= \(token.rawValue)" : ""
            let answer = try await corner.ask(
                "UPDATE \(table) SET count = \(count), fence = \(token.rawValue) WHERE id = 1 \(fence)")
            guard case .done(let changed, _)? = answer.results.first else { throw TestFailure("\(answer)") }
            return changed == 1
        }
        try await running([try corner.table(), try corner.table()]) { backends in
            let first = try claims.next("counter", life: .seconds(1))
            let stale = try await backends[0].hold(first)
            let read = try #require(try await count())
            // It stops here, and another is served after its life.
            let second = try claims.next("counter")
            try await backends[1].wait(second)
            let token = try await backends[1].grant(of: second.id).token
            #expect(try await write(try #require(try await count()) + 10, token))
            _ = try await backends[1].remove(second.id)
            // It wakes up, and writes what it has computed.
            let isWritten = try await write(read + 1, stale)
            #expect(isWritten == !isFenced)
            #expect(try await count() == (isFenced ? 10 : 1))
            guard isFenced else { return }
            let again = try await backends[0].hold(claims.next("counter"))
            #expect(try await write(try #require(try await count()) + 1, again))
            #expect(try await count() == 11)
        }
    }

    @Test(arguments: [("a;b", "fence"), ("a.b.c", "fence"), ("", "fence"), ("t", "f`x"), ("t", "f f")])
    func `names that are none are refused`(_ table: String, _ column: String) {
        let error = #expect(throws: LockError.self) { _ = try MySQLFence.trigger(on: table, column: column) }
        #expect(error?.code == .invalidArgument)
    }
}
#endif
