package import Holdfast
import HoldfastTesting
import Synchronization
package import Testing

/// Owners that give up at any moment, or forget what they have.
package enum Abandon {
    private final class Count: Sendable {
        private let number = Atomic(0)
        var value: Int { number.load(ordering: .relaxed) }
        func add() { number.add(1, ordering: .relaxed) }
    }

    private static let points = 1_000
    private static let workers = 20

    /// Cancels tasks wherever they are; then nothing of theirs is in the store, and the locks are free.
    ///
    /// - Parameter left: what is in the store.
    package static func atAnyPoint(
        _ backend: any LockBackend, sourceLocation: SourceLocation = #_sourceLocation,
        left: @escaping @Sendable () async throws -> [String]
    ) async throws {
        let (done, cancelled) = (Count(), Count())
        try await LockClient.withClient(backend: backend) { locks in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<workers {
                    group.addTask {
                        var random = SeededGenerator(seed: UInt64(worker))
                        for _ in 0..<points / workers {
                            // Few contenders for each, so that some are done.
                            let (a, b) = (LockKey(unchecked: "a\(worker % 5)"), LockKey(unchecked: "b\(worker % 5)"))
                            let parts = random.pick([
                                [Claim.Part(a)], [Claim.Part(a), Claim.Part(b)], [Claim.Part(b, .shared)],
                                [Claim.Part("s", .permits(2, of: 20))],
                            ])
                            let task = Task {
                                try await locks.withLock(parts) { _ in
                                    try await ContinuousClock().sleep(for: .microseconds(500))
                                }
                            }
                            // A busy machine takes longer over each: some are to be done.
                            let patience: Duration = .milliseconds(done.value < cancelled.value / 4 ? 400 : 40)
                            try await ContinuousClock().sleep(for: random.duration(in: .zero...patience))
                            task.cancel()
                            switch await task.result {
                            case .success: done.add()
                            case .failure(let error):
                                #expect(error is CancellationError, "\(error)", sourceLocation: sourceLocation)
                                cancelled.add()
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually("nothing is left") { try await left().isEmpty }
            for key in ["a0", "b0"] as [LockKey] { try await locks.withLock(key, wait: .upTo(.seconds(5))) { _ in } }
        }
        let (finished, ended) = (done.value, cancelled.value)
        #expect(
            finished >= 50 && ended >= 50, "\(finished) done, \(ended) cancelled", sourceLocation: sourceLocation)
    }

    /// Forgets leases that are held: they are removed.
    package static func forgetting(
        _ backend: any LockBackend, left: @escaping @Sendable () async throws -> [String]
    ) async throws {
        try await LockClient.withClient(backend: backend) { locks in
            for _ in 0..<20 {
                let token = try await locks.acquire("k", wait: .upTo(.seconds(5))).lease.token
                #expect(token.rawValue > 0)
            }
            try await eventually("nothing is left") { try await left().isEmpty }
        }
    }
}
