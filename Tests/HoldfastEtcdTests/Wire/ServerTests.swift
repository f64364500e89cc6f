#if Etcd
import Testing

/// That the servers of the other tests are what they seem.
extension OneAtATime {
    struct ServerTests {
        @Test func `a server starts, is killed, and comes back with its data`() async throws {
            let server = try await EtcdServer()
            try await server.control("put", "a", "1")
            server.kill()
            #expect(!server.isAlive)
            try await server.restart()
            let text = try await server.control("get", "a", "--print-value-only")
            #expect(text == "1\n")
        }

        @Test func `a cluster has a leader, and another when that is killed`() async throws {
            let cluster = try await EtcdCluster()
            let leader = try await cluster.leader()
            leader.kill()
            let next = try await cluster.leader()
            #expect(next !== leader)
            try await cluster.control("put", "a", "1")
        }
    }
}
#endif
