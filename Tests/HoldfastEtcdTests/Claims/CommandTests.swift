#if Etcd
import ServerKit
import Testing

/// The command on etcd: its processes are killed, stopped, and told to end.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(1))) struct CommandTests {
        @Test(arguments: CommandTrial.all) func `the command keeps its word`(_ trial: CommandTrial) async throws {
            let server = try await EtcdServer()
            try await trial.run(on: "etcd://127.0.0.1:\(server.port)")
        }
    }
}
#endif
