#if Etcd
import Holdfast
import HoldfastTesting
import ServerKit
import Synchronization
import Testing

@testable import HoldfastEtcd

/// Owners that give up at any moment, or forget what they have.
@Suite struct AbandonTests {
    private final class Count: Sendable {
        private let number = Atomic(0)
        var value: Int { number.load(ordering: .relaxed) }
        func add() { number.add(1, ordering: .relaxed) }
    }

    private static let points = 1_000

    @Test func `tasks that are cancelled at any point leave no claim`() async throws {
        let corner = try await Corner()
        let (done, cancelled) = (Count(), Count())
        try await LockClient.withClient(backend: try corner.backend()) { locks in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<20 {
                    group.addTask {
                        var random = SeededGenerator(seed: UInt64(worker))
                        for _ in 0..<Self.points / 20 {
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
                            try await ContinuousClock().sleep(for: random.duration(in: .zero ... .milliseconds(40)))
                            task.cancel()
                            switch await task.result {
                            case .success: done.add()
                            case .failure(let error):
                                #expect(error is CancellationError, "\(error)")
                                cancelled.add()
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually("nothing is left") { try await corner.left() == [] }
            for key in ["a0", "b0"] as [LockKey] { try await locks.withLock(key, wait: .upTo(.seconds(5))) { _ in } }
        }
        #expect(done.value >= 50 && cancelled.value >= 50, "\(done.value) done, \(cancelled.value) cancelled")
    }

    @Test func `a lease that is dropped is removed from the store`() async throws {
        let corner = try await Corner()
        try await LockClient.withClient(backend: try corner.backend()) { locks in
            for _ in 0..<20 {
                let token = try await locks.acquire("k", wait: .upTo(.seconds(5))).lease.token
                #expect(token.rawValue > 0)
            }
            try await eventually("nothing is left") { try await corner.left() == [] }
        }
    }
}
#endif
