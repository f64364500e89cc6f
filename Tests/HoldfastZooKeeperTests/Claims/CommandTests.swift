#if ZooKeeper
import ServerKit
import Testing

/// The command on ZooKeeper: its processes are killed, stopped, and told to end.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct CommandTests {
        @Test(arguments: CommandTrial.all) func `the command keeps its word`(_ trial: CommandTrial) async throws {
            // Short ticks for short lives, and the default's length all the same.
            let server = try await ZooKeeperServer(.init(tick: .milliseconds(300), config: "maxSessionTimeout=40000"))
            try await trial.run(on: "zookeeper://127.0.0.1:\(server.port)?tick=300ms")
        }
    }
}
#endif
