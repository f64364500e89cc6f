#if MySQL
import ServerKit
import Testing

@testable import HoldfastMySQL

/// A holder that is stopped past its time to live, in a process of its own, and a user's own table.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FenceProcessTests {
    @Test(arguments: ["table", "named"], FenceTrial.Guard.allCases)
    func `a holder that wakes too late is refused by the condition and the trigger, and overwrites without them`(
        _ locks: String, _ guarded: FenceTrial.Guard
    ) async throws {
        let corner = try await Corner()
        for statement in guarded.statements(try MySQLFence.trigger(on: "ledger")) {
            let made = try await corner.ask(statement)
            #expect(made.fault == nil)
        }
        let port = corner.server.port
        try await FenceTrial.run(
            guarded, on: "mysql://root@127.0.0.1:\(port)/test?locks=\(locks)", "mysql:\(port)")
    }
}
#endif
