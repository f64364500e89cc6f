import Holdfast
import HoldfastTesting
import Testing

/// The memory backend keeps the contract, and the contract's cases are those that others must keep.
@Suite struct ConformanceTests {
    @Test(arguments: Conformance.cases) func `the memory backend keeps the contract`(_ rule: ConformanceCase)
        async throws
    {
        let clock = TestClock()
        try await rule.run(.shared(MemoryBackend(clock: clock), clock: clock))
    }

    /// On the real clock, and beside the simulation: not the cases in which a life of a second must not end too early.
    @Test(arguments: Conformance.cases.filter { !$0.needsTime })
    func `behind a slow line it keeps it too`(_ rule: ConformanceCase) async throws {
        let memory = MemoryBackend()
        let plan = FaultPlan(FaultPlan.Rates(delay: .zero ... .milliseconds(1)))
        var harness = ConformanceHarness.shared(FaultyBackend(memory, seed: 7, plan: plan), clock: nil)
        harness.effort = 100
        try await rule.run(harness)
    }
}

extension ConformanceHarness {
    /// Several views of one backend in this process.
    static func shared(_ backend: any LockBackend, clock: TestClock?) -> ConformanceHarness {
        let runner = OnceRunner(backend)
        var harness = ConformanceHarness(timeout: .seconds(30)) { runner.view() }
        if let clock { harness.advance = { clock.advance(by: $0) } }
        return harness
    }
}
