#if MySQL
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastMySQL

/// Three backends on one server stand for three processes.
@Suite(.timeLimit(.minutes(5))) struct NamedConformanceTests {
    /// A holder in another process cannot be asked: nothing of a named lock is written down.
    private static let asked = "an asked claim hears of it when it is extended"

    @Test(arguments: Conformance.cases.filter { $0.name != asked })
    func `named locks keep the contract`(_ rule: ConformanceCase) async throws {
        let corner = try await Corner()
        guard rule.applies(to: try corner.named().capabilities) else { return }
        try await rule.run(ConformanceHarness(effort: 300) { try corner.named() })
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `within a client they do what the pure table does`(_ seed: UInt64) async throws {
        let corner = try await Corner()
        try await ModelTest.run(ConformanceHarness { try corner.named() }, seed: seed)
    }
}
#endif
