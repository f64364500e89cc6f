#if Postgres
import ServerKit
import Testing

/// The command on PostgreSQL: its processes are killed, stopped, and told to end.
@Suite(.serialized, .timeLimit(.minutes(2))) struct CommandTests {
    @Test(arguments: CommandTrial.all) func `the command keeps its word by the table`(_ trial: CommandTrial)
        async throws
    {
        let server = try await PostgresServer()
        try await trial.run(on: "postgres://postgres@127.0.0.1:\(server.port)/postgres?locks=table")
    }

    @Test(arguments: CommandTrial.unlisted)
    func `the command keeps its word by named locks`(_ trial: CommandTrial) async throws {
        let server = try await PostgresServer()
        try await trial.run(on: "postgres://postgres@127.0.0.1:\(server.port)/postgres")
    }
}
#endif
