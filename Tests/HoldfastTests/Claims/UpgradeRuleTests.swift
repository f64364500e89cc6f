import HoldfastTesting
import Testing

@testable import Holdfast

/// When an upgradeable claim is alone, against the table of claims.
@Suite struct UpgradeRuleTests {
    private static let base: UInt64 = 1_000

    private func standing(_ table: TestTable) -> UpgradeRule.Standing {
        UpgradeRule.standing(of: .test(Self.base), in: table.records(withPrefix: "k", limit: 100))
    }

    /// Those that hold the key beside the base.
    private func others(_ table: TestTable) -> [Claim.ID] {
        table.records(withPrefix: "k", limit: 100).filter(\.isHeld).map(\.id).filter { $0 != .test(Self.base) }
    }

    @Test(arguments: 0..<500 as Range<UInt64>)
    func `alone is when nobody else holds, and then nobody comes to hold, whoever gives up`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let table = TestTable()
        var present: [UInt64] = []
        var next: UInt64 = 0
        func come(_ modes: [PathMode]) throws {
            next += 1
            present.append(next)
            try table.put(next, "k", .path(random.pick(modes)))
        }
        for _ in 0..<random.below(5) { try come([.intentionShared, .shared]) }
        try #require(try table.put(Self.base, "k", .path(.upgradeable)).isHeld)
        for _ in 0..<random.below(6) { try come(PathMode.allCases) }
        var wasAlone = false
        while !present.isEmpty {
            #expect((standing(table) == .alone) == others(table).isEmpty)
            if wasAlone { #expect(standing(table) == .alone) }
            wasAlone = standing(table) == .alone
            if random.happens(300), next < 30 { try come(PathMode.allCases) }
            _ = table.removed(present.remove(at: random.below(present.count)))
        }
        #expect(standing(table) == .alone)
        _ = table.removed(Self.base)
        #expect(standing(table) == .absent)
    }

    @Test func `a claim that was there before and waits elsewhere stands in the way`() throws {
        let table = TestTable()
        try table.put(1, "other")
        try table.place(.test(2, [.init("k", .path(.shared)), .init("other")]))
        try #require(try table.put(Self.base, "k", .path(.upgradeable)).isHeld)
        #expect(others(table).isEmpty)
        #expect(standing(table) == .blocked)
        _ = table.removed(2)
        #expect(standing(table) == .alone)
    }
}
