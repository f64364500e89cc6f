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

    /// The same without the trigger, so that it is seen that there is something to lose.
    @Test(arguments: [true, false])
    func `a holder that stood still past its life overwrites its successor, unless the table is fenced`(
        _ isFenced: Bool
    ) async throws {
        let corner = try await Corner(PostgresServer())
        try await corner.server.psql(
            "CREATE TABLE accounts (id int PRIMARY KEY, balance int); INSERT INTO accounts VALUES (1, 100)")
        try await corner.server.psql(
            isFenced
                ? PostgresFence.trigger(on: "accounts") : "ALTER TABLE accounts ADD COLUMN fence bigint DEFAULT 0")
        try await corner.backends(2) { backends in
            let session = try await corner.server.session()
            func balance() async throws -> Int {
                let answer = try await session.run(PostgresStatement("SELECT balance FROM accounts"))
                return try #require(answer.first.flatMap { Int($0) })
            }
            func write(_ balance: Int, _ token: FencingToken) async throws -> PostgresResult {
                try await session.run(
                    PostgresStatement(
                        "UPDATE accounts SET balance = $1, fence = $2 WHERE id = 1",
                        ["\(balance)", "\(token.rawValue)"]))
            }
            let stale = try await backends[0].hold(claims.next("account/1", life: .seconds(1)))
            let known = try await balance()
            // It stands still from here on: nobody extends its claim.
            let successor = try claims.next("account/1")
            try await backends[1].wait(successor)
            let token = try await backends[1].grant(of: successor.id).token
            let deposited = try await write(balance() + 10, token)
            #expect(deposited == .rows([]))
            // It goes on with what it read.
            let late = try await write(known + 1, stale)
            if isFenced {
                guard case .failed(let fault) = late else { throw TestFailure("written") }
                #expect(fault.state == PostgresFence.refusal)
            }
            let left = try await balance()
            #expect(left == (isFenced ? 110 : 101))
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
