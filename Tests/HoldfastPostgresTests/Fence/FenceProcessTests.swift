#if Postgres
import ServerKit
import Testing

@testable import HoldfastPostgres

/// A holder that is stopped past its time to live, in a process of its own, and a user's own table.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FenceProcessTests {
    @Test(arguments: ["table", "named"], FenceTrial.Guard.allCases)
    func `a holder that wakes too late is refused by the condition and the trigger, and overwrites without them`(
        _ locks: String, _ guarded: FenceTrial.Guard
    ) async throws {
        let server = try await SharedServer.get()
        let statements = guarded.statements([try PostgresFence.trigger(on: "ledger")])
        try await server.psql(statements.joined(separator: ";"))
        let words = "host=127.0.0.1 port=\(server.port) user=postgres dbname=postgres sslmode=disable"
        try await FenceTrial.run(
            guarded, on: "postgres://postgres@127.0.0.1:\(server.port)/postgres?locks=\(locks)", "postgres:\(words)")
    }
}
#endif
