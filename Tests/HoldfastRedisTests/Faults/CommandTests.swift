#if Redis
import ServerKit
import Testing

/// The command on Redis: its processes are killed, stopped, and told to end.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(1))) struct CommandTests {
        @Test(arguments: CommandTrial.all) func `the command keeps its word`(_ trial: CommandTrial) async throws {
            let server = try await RedisServer()
            try await trial.run(on: "redis+unix://\(server.socket)")
        }
    }
}
#endif
