#if Postgres
import Holdfast
import HoldfastTesting
import ServerKit
import Testing

@testable import HoldfastPostgres

/// Three backends on one server stand for three processes.
@Suite(.timeLimit(.minutes(4))) struct NamedConformanceTests {
    /// A holder in another process cannot be asked: nothing of a named lock is written down.
    private static let asked = "an asked claim hears of it when it is extended"

    @Test(arguments: Conformance.cases.filter { $0.name != asked })
    func `advisory locks keep the contract`(_ rule: ConformanceCase) async throws {
        let corner = try await Corner()
        guard rule.applies(to: try corner.named().capabilities) else { return }
        try await rule.run(ConformanceHarness(effort: 100) { try corner.named() })
    }

    @Test func `most cases apply`() async throws {
        let capabilities = try await Corner().named().capabilities
        #expect(Conformance.cases.count { $0.applies(to: capabilities) } >= 24)
    }
}
#endif
