#if SQLite
import Holdfast
import HoldfastSQLite
import HoldfastTesting
import Testing

/// Three backends on one file stand for three processes.
@Suite struct SQLiteConformanceTests {
    @Test(arguments: Conformance.cases) func `the embedded store keeps the contract`(_ rule: ConformanceCase)
        async throws
    {
        let store = try TestStore()
        try await rule.run(ConformanceHarness(effort: 200) { try SQLiteBackend(path: store.path) })
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func `it does what the pure table does`(_ seed: UInt64) async throws
    {
        let store = try TestStore()
        try await ModelTest.run(ConformanceHarness { try SQLiteBackend(path: store.path) }, seed: seed)
    }
}
#endif
