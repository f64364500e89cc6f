import Holdfast
import Synchronization
import Testing

/// What callers see of removals that the store does not confirm.
@Suite(.timeLimit(.minutes(1))) struct RemovalTests {
    /// Removes nothing before it is told to.
    private final class Unremoving: LockBackend {
        let inner = MemoryBackend()
        let removes = Atomic(false)
        var capabilities: BackendCapabilities { inner.capabilities }
        func run() async throws { try await inner.run() }
        func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
            try await inner.place(claim, condition)
        }
        func grant(of id: Claim.ID) async throws(LockError) -> Grant { try await inner.grant(of: id) }
        func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
            try await inner.extend(ids, for: timeToLive)
        }
        func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
            while !removes.load(ordering: .relaxed) { try? await Task.sleep(for: .milliseconds(5)) }
            return try await inner.remove(id)
        }
        func ask(_ id: Claim.ID) async throws(LockError) -> Removal { try await inner.ask(id) }
        func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
            try await inner.claims(withPrefix: prefix, limit: limit)
        }
    }

    @Test func `who gives up waits for no more than one limit, however many removals come first`() async throws {
        var configuration = LockClientConfiguration()
        configuration.removalsLimit = 2
        configuration.removalWaitLimit = .milliseconds(300)
        let backend = Unremoving()
        try await LockClient.withClient(backend: backend, configuration: configuration) { client in
            let held = try await client.acquire("k")
            let began = ContinuousClock.now
            await withTaskGroup(of: LockError.Code?.self) { group in
                for _ in 0..<200 {
                    group.addTask {
                        do throws(LockError) {
                            _ = try await client.acquire("k", wait: .upTo(.milliseconds(100)))
                            return nil
                        } catch {
                            return error.code
                        }
                    }
                }
                for await code in group { #expect(code == .timedOut) }
            }
            // Two at a time would take a hundred limits.
            #expect(ContinuousClock.now - began < .seconds(10))
            backend.removes.store(true, ordering: .relaxed)
            try await held.release()
        }
    }
}
