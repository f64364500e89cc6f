#if Postgres
import ServerKit
import Testing

@testable import HoldfastPostgres

/// Messages that come several times, to processes that are killed, and effects that commit with a mark.
@Suite(.serialized, .timeLimit(.minutes(3))) struct OnceProcessTests {
    @Test(arguments: ["table", "named"])
    func `an effect is applied exactly once where it commits with its mark, and bodies run again only for kills`(
        _ locks: String
    ) async throws {
        let server = try await PostgresServer(config: "max_connections = 300")
        try await server.psql(PostgresOnce.table())
        try await server.psql(
            """
            CREATE TABLE effects AS
            SELECT n AS message, 0 AS times FROM generate_series(0, \(OnceTrial.messages - 1)) n
            """)
        let words = "host=127.0.0.1 port=\(server.port) user=postgres dbname=postgres sslmode=disable"
        let ledger = OnceTrial.Ledger("postgres:\(words)") {
            let session = try await server.session()
            let counted = try await session.run(PostgresStatement("SELECT times FROM effects ORDER BY message"))
            await session.close()
            return (counted.rows ?? []).compactMap { $0.first.flatMap { $0 }.flatMap { Int($0) } }
        }
        try await OnceTrial.run(
            on: "postgres://postgres@127.0.0.1:\(server.port)/postgres?locks=\(locks)", "postgres, \(locks)",
            ledger: ledger)
    }
}
#endif
