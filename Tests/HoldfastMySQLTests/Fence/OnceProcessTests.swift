#if MySQL
import ServerKit
import Testing

@testable import HoldfastMySQL

/// Messages that come several times, to processes that are killed, and effects that commit with a key.
@Suite(.serialized, .timeLimit(.minutes(3))) struct OnceProcessTests {
    @Test(arguments: ["table", "named"])
    func `an effect is applied exactly once where it commits with its key, and bodies run again only for kills`(
        _ locks: String
    ) async throws {
        let server = try await MySQLServer("--max-connections=500")
        let rows = (0..<OnceTrial.messages).map { "(\($0), 0)" }.joined(separator: ",")
        _ = try await Self.ask(
            """
            CREATE TABLE processed (once_key VARBINARY(512) PRIMARY KEY) ENGINE=InnoDB; \
            CREATE TABLE effects (message INT PRIMARY KEY, times INT NOT NULL) ENGINE=InnoDB; \
            INSERT INTO effects VALUES \(rows)
            """, server)
        let ledger = OnceTrial.Ledger("mysql:\(server.port)") {
            let answer = try await Self.ask("SELECT times FROM effects ORDER BY message", server)
            return (answer.results.first?.rows ?? []).compactMap { $0.first.flatMap { $0 }.flatMap { Int($0) } }
        }
        try await OnceTrial.run(
            on: "mysql://root@127.0.0.1:\(server.port)/test?locks=\(locks)", "mysql, \(locks)", ledger: ledger)
    }

    private static func ask(_ text: String, _ server: MySQLServer) async throws -> MySQLAnswer {
        let session = try await server.session()
        let answer = try await session.run(text, within: .seconds(10))
        await session.close()
        if let fault = answer.fault { throw fault }
        return answer
    }
}
#endif
