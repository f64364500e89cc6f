#if ZooKeeper
import Holdfast
import HoldfastTesting
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// Three backends on one server stand for three processes.
@Suite struct ZooKeeperConformanceTests {
    @Test(arguments: Conformance.cases) func `ZooKeeper keeps the contract`(_ rule: ConformanceCase) async throws {
        let corner = try await Corner()
        guard rule.applies(to: try corner.backend().capabilities) else {
            #expect(rule.needsTime, "only what needs lives of their own does not apply")
            return
        }
        try await rule.run(ConformanceHarness(effort: 300) { try corner.backend() })
        let left = try await corner.left()
        #expect(left == [])
    }

    @Test(arguments: Conformance.cases) func `in the other dialect, too`(_ rule: ConformanceCase) async throws {
        var corner = try await Corner()
        corner.configuration.dialect = .readWrite
        guard rule.applies(to: try corner.backend().capabilities) else { return }
        try await rule.run(ConformanceHarness(effort: 100) { [corner] in try corner.backend() })
        let left = try await corner.left()
        #expect(left == [])
    }

    @Test func `it does what the pure table does`() async throws {
        try await someAtOnce(1...20) { seed in
            let corner = try await Corner()
            try await ModelTest.run(ConformanceHarness { try corner.backend() }, seed: seed)
            let left = try await corner.left()
            #expect(left == [], "seed \(seed)")
        }
    }
}
#endif
