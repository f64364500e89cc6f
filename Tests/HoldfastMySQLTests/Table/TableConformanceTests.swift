#if MySQL
import Holdfast
import HoldfastTesting
import ServerKit
import Testing

@testable import HoldfastMySQL

/// Three backends on one server stand for three processes.
@Suite(.timeLimit(.minutes(5))) struct TableConformanceTests {
    @Test(arguments: Conformance.cases) func `the table keeps the contract`(_ rule: ConformanceCase) async throws {
        let corner = try await Corner(nil, .table)
        guard rule.applies(to: try corner.table().capabilities) else {
            Issue.record("every case applies")
            return
        }
        try await rule.run(ConformanceHarness(effort: 300) { try corner.table() })
        let left = try await corner.left()
        #expect(left == [])
    }

    @Test func `it does what the pure table does`() async throws {
        try await someAtOnce(1...20) { seed in
            let corner = try await Corner(nil, .table)
            try await ModelTest.run(ConformanceHarness { try corner.table() }, seed: seed)
            let left = try await corner.left()
            #expect(left == [], "seed \(seed)")
        }
    }

    @Test func `from several clients it does, too`() async throws {
        try await someAtOnce(1...20) { seed in
            let corner = try await Corner(nil, .table)
            try await ModelTest.run(ConformanceHarness { try corner.table() }, seed: seed, isShared: true)
            let left = try await corner.left()
            #expect(left == [], "seed \(seed)")
        }
    }
}
#endif
