import Holdfast
import HoldfastTesting
import Testing

@Suite struct FaultyBackendTests {
    private let clock = TestClock()

    private func claim(_ number: UInt64) throws -> Claim {
        try Claim(
            id: Claim.ID(client: 1, sequence: number), parts: [Claim.Part("k")], timeToLive: .seconds(60),
            owner: Owner(host: "h", processID: 1, program: "p"))
    }

    private func backend(_ rates: FaultPlan.Rates, lies: [FaultPlan.Lie: Int] = [:]) -> (FaultyBackend, MemoryBackend) {
        var plan = FaultPlan(rates)
        plan.patience = .zero
        plan.lies = lies
        let memory = MemoryBackend(clock: clock)
        return (FaultyBackend(memory, seed: 1, plan: plan, clock: clock), memory)
    }

    @Test func `a dropped request is not executed`() async throws {
        let (faulty, memory) = backend(FaultPlan.Rates(requestsDropped: 1000))
        let claim = try claim(1)
        await #expect { try await faulty.place(claim, .always) } throws: { ($0 as? LockError)?.code == .unavailable }
        #expect(try await memory.remove(claim.id) == .absent)
        #expect(faulty.counts.requestsDropped == 1)
    }

    @Test func `a request whose reply is dropped is executed`() async throws {
        let (faulty, memory) = backend(FaultPlan.Rates(repliesDropped: 1000))
        let claim = try claim(1)
        await #expect { try await faulty.place(claim, .always) } throws: { ($0 as? LockError)?.code == .unavailable }
        #expect(try await memory.remove(claim.id) == .removed)
    }

    @Test func `a doubled removal is executed twice`() async throws {
        let (faulty, _) = backend(FaultPlan.Rates(duplicates: 1000))
        let claim = try claim(1)
        #expect(try await faulty.place(claim, .always) != .refused)
        #expect(try await faulty.remove(claim.id) == .absent)
    }

    @Test func `a place may be executed once more after its removal`() async throws {
        let (faulty, memory) = backend(
            FaultPlan.Rates(longDelay: .seconds(5) ... .seconds(5), lateDuplicates: 1000))
        let claim = try claim(1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await faulty.run() }
            _ = try await faulty.place(claim, .always)
            faulty.setPlan(.none)
            #expect(try await faulty.remove(claim.id) == .removed)
            while clock.nextTimer?.offset != .seconds(5) { await Task.yield() }
            clock.advance(by: .seconds(5))
            while try await memory.claims(withPrefix: "", limit: 1).isEmpty { await Task.yield() }
            group.cancelAll()
        }
    }

    @Test func `a cut line executes nothing`() async throws {
        let (faulty, memory) = backend(FaultPlan.Rates())
        faulty.setCut(true)
        let claim = try claim(1)
        await #expect { try await faulty.place(claim, .always) } throws: { ($0 as? LockError)?.code == .unavailable }
        faulty.setCut(false)
        #expect(try await memory.remove(claim.id) == .absent)
        #expect(try await faulty.place(claim, .always) != .waiting())
    }

    @Test func `a removal is deaf to cancellation`() async throws {
        let (faulty, memory) = backend(FaultPlan.Rates(delay: .seconds(5) ... .seconds(5)))
        let claim = try claim(1)
        _ = try await memory.place(claim, .always)
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask { _ = try? await faulty.remove(claim.id) }
        }
        #expect(try await memory.remove(claim.id) == .absent)
    }

    @Test(arguments: FaultPlan.Lie.allCases) func `a lie is noticed by the model test`(_ lie: FaultPlan.Lie) async {
        await #expect(throws: ConformanceFailure.self) {
            for seed in 0..<20 as Range<UInt64> {
                let (faulty, _) = backend(FaultPlan.Rates(), lies: [lie: 200])
                try await ModelTest.run(.shared(faulty, clock: clock), seed: seed)
            }
        }
    }
}
