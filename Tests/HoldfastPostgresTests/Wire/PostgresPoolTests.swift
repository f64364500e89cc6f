#if Postgres
import Holdfast
import Testing

@testable import HoldfastPostgres

@Suite(.timeLimit(.minutes(2))) struct PostgresPoolTests {
    /// A session may come free between the look for one and the wait.
    @Test func `of many callers that come and go each is given a session`() async throws {
        var configuration = try await SharedServer.get().configuration
        configuration.connections = 1
        var bounds = PostgresBounds()
        bounds.batchesPerSession = 1
        let pool = try PostgresPool(configuration, bounds: bounds, logger: nil) { _ in }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await pool.run() }
            try await withThrowingTaskGroup(of: Void.self) { callers in
                for number in 0..<3 {
                    callers.addTask { () async throws in
                        for _ in 0..<1_000 {
                            let answer = try await pool.run([PostgresStatement("SELECT \(number)")])
                            #expect(answer[0].first == "\(number)")
                        }
                    }
                }
                try await callers.waitForAll()
            }
            group.cancelAll()
        }
    }
}
#endif
