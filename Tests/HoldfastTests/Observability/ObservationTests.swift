import Holdfast
import InMemoryTracing
import Logging
import Metrics
import MetricsTestKit
import Testing
import Tracing

/// Serialised: the metrics and tracing systems are one per process.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ObservationTests {
    private static let metrics: TestMetrics = {
        let metrics = TestMetrics()
        MetricsSystem.bootstrap(metrics)
        return metrics
    }()
    private static let tracer: InMemoryTracer = {
        let tracer = InMemoryTracer()
        InstrumentationSystem.bootstrap(tracer)
        return tracer
    }()

    @Test func `events tell the life of a lock in order`() async throws {
        let kinds = try await LockClient.withClient(backend: MemoryBackend()) { locks in
            let events = locks.events()
            try await locks.withLock("a") { _ in }
            let error = await #expect(throws: LockError.self) {
                try await locks.withLock("b") { lease in _ = try await locks.remove(lease.id) }
            }
            #expect(error?.code == .leaseLost)
            var kinds: [LockEvent.Kind] = []
            for await event in events {
                kinds.append(event.kind)
                #expect(event.token != nil)
                if kinds.count == 4 { break }
            }
            return kinds
        }
        #expect(kinds == [.acquired, .released, .acquired, .lost(.removed)])
    }

    @Test func `metrics count with labels from closed sets`() async throws {
        let metrics = Self.metrics
        try await LockClient.withClient(backend: MemoryBackend()) { locks in
            try await locks.withLock("some/secret/key") { _ in
                let isBusy = try await locks.tryAcquire("other") != nil
                #expect(isBusy)
            }
        }
        let acquired = try metrics.expectCounter("holdfast_acquired_total", [("backend", "memory")])
        #expect(acquired.totalValue >= 2)
        let holds = try metrics.expectTimer("holdfast_hold", [("backend", "memory")])
        #expect(holds.values.count >= 1)
        let labels = metrics.counters.flatMap { $0.dimensions.map(\.1) }
        #expect(!labels.contains { $0.contains("secret") })
    }

    @Test func `waiting and holding are spans`() async throws {
        let tracer = Self.tracer
        try await LockClient.withClient(backend: MemoryBackend()) { locks in
            try await locks.withLock("traced") { _ in
                let inner = ServiceContext.current
                #expect(inner != nil)
            }
        }
        let names = tracer.finishedSpans.filter { $0.attributes.get("lock.key") == "traced" }.map(\.operationName)
        #expect(names == ["holdfast.acquire", "holdfast.hold"])
    }
}
