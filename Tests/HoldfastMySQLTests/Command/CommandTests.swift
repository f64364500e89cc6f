#if MySQL
import ServerKit
import Testing

/// The command on MariaDB: its processes are killed, stopped, and told to end.
@Suite(.serialized, .timeLimit(.minutes(2))) struct CommandTests {
    @Test(arguments: CommandTrial.all) func `the command keeps its word by the table`(_ trial: CommandTrial)
        async throws
    {
        let server = try await MySQLServer()
        try await trial.run(on: "mysql://root@127.0.0.1:\(server.port)/test?locks=table")
    }

    @Test(arguments: CommandTrial.unlisted)
    func `the command keeps its word by named locks`(_ trial: CommandTrial) async throws {
        let server = try await MySQLServer()
        try await trial.run(on: "mysql://root@127.0.0.1:\(server.port)/test")
    }
}
#endif
