#if Redis
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastRedis

/// Three backends on one server stand for three processes.
@Suite struct RedisConformanceTests {
    @Test(arguments: Conformance.cases, RedisServer.Binary.allCases)
    func `Redis and Valkey keep the contract`(_ rule: ConformanceCase, _ binary: RedisServer.Binary) async throws {
        let server = try await RedisServer(binary)
        try await rule.run(ConformanceHarness { try RedisBackend(server.configuration) })
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func `it does what the pure table does`(_ seed: UInt64) async throws
    {
        let server = try await RedisServer(seed % 4 == 0 ? .valkey : .redis)
        try await ModelTest.run(ConformanceHarness { try RedisBackend(server.configuration) }, seed: seed)
    }

    @Test(arguments: [101, 102] as [UInt64])
    func `three clients together do what the pure table does`(_ seed: UInt64) async throws {
        let server = try await RedisServer(seed == 102 ? .valkey : .redis)
        let harness = ConformanceHarness { try RedisBackend(server.configuration) }
        try await ModelTest.run(harness, seed: seed, steps: 2_000, isShared: true)
    }
}
#endif
