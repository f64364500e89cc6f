#if SQLite
import HoldfastSQLite
import HoldfastTesting
import Testing

/// What is built on claims, on the embedded store.
@Suite struct CoordinationTests {
    private func harness(_ store: TestStore) -> ConformanceHarness {
        ConformanceHarness(effort: 200) { try SQLiteBackend(path: store.path) }
    }

    @Test(arguments: ElectionTrials.cases) func `elections keep their promises`(_ rule: ConformanceCase) async throws {
        try await rule.run(harness(TestStore()))
    }

    @Test(arguments: SemaphoreTrials.cases) func `semaphores keep their promises`(_ rule: ConformanceCase) async throws
    {
        try await rule.run(harness(TestStore()))
    }

    @Test(arguments: LatchTrials.cases) func `latches keep their promises`(_ rule: ConformanceCase) async throws {
        try await rule.run(harness(TestStore()))
    }

    @Test(arguments: BarrierTrials.cases) func `barriers keep their promises`(_ rule: ConformanceCase) async throws {
        try await rule.run(harness(TestStore()))
    }
}
#endif
