#if Etcd
import Holdfast
import HoldfastTesting
import ServerKit
import Synchronization
import Testing

@testable import HoldfastEtcd

/// Clients that take locks while a cluster is disturbed, and a history of what they believed.
final class Workload: Sendable {
    static let timeToLive: Duration = .seconds(3)
    private static let keys: [[Claim.Part]] = [
        [Claim.Part("a")], [Claim.Part("a"), Claim.Part("b")], [Claim.Part("b", .shared)], [Claim.Part("b")],
        [Claim.Part("s", .permits(1, of: 2))], [Claim.Part("b", .shared)],
    ]
    private static let tasksPerClient = 2

    private let recorder = HistoryRecorder()
    private let isOver = Atomic(false)
    private let done = Atomic(0)

    /// How many critical sections have ended as they should.
    var count: Int { done.load(ordering: .relaxed) }

    /// Runs clients of these clusters' members around `body`, and then checks what they saw.
    ///
    /// - Parameters:
    ///   - atLeast: critical sections, or the run shows nothing.
    ///   - mayLose: the server is known to end leases that are alive: then exclusion is not asked for.
    static func run(
        _ configurations: [EtcdConfiguration], atLeast: Int = 50, mayLose: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (Workload) async throws -> Void
    ) async throws {
        let workload = Workload()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, configuration) in configurations.enumerated() {
                group.addTask { try await workload.client(number, configuration) }
            }
            do {
                try await workload.progress("at the beginning")
                try await body(workload)
                try await workload.progress("at the end")
            } catch {
                workload.isOver.store(true, ordering: .relaxed)
                throw error
            }
            workload.isOver.store(true, ordering: .relaxed)
            try await group.waitForAll()
        }
        let history = workload.recorder.history
        #expect(history.isComplete, sourceLocation: sourceLocation)
        #expect(workload.count >= atLeast, "\(workload.count) operations", sourceLocation: sourceLocation)
        var violations = Checkers.tokenOrder(history) + Checkers.lossIsFinal(history)
        if !mayLose { violations += Checkers.beliefExclusion(history) }
        #expect(violations.isEmpty, "\(violations.prefix(5))", sourceLocation: sourceLocation)
    }

    /// Waits until locks are taken again.
    func progress(_ when: String, by more: Int = 20) async throws {
        let before = count
        try await eventually("locks are taken \(when)", within: .seconds(30)) { count >= before + more }
    }

    private func client(_ number: Int, _ configuration: EtcdConfiguration) async throws {
        var configuration = configuration
        configuration.requestTimeout = .milliseconds(1_000)
        let backend = try EtcdBackend(configuration)
        try await LockClient.withClient(
            backend: backend, configuration: LockClientConfiguration(timeToLive: Self.timeToLive)
        ) { locks in
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<Self.tasksPerClient {
                    group.addTask {
                        var turn = number + task
                        while !self.isOver.load(ordering: .relaxed) {
                            await self.once("client \(number)", locks, Self.keys[turn % Self.keys.count])
                            turn += 1
                        }
                    }
                }
            }
        }
    }

    private func once(_ name: String, _ locks: LockClient, _ parts: [Claim.Part]) async {
        let number = recorder.invoke(client: name, parts: parts)
        do {
            try await locks.withLock(parts, wait: .upTo(.seconds(4))) { lease in
                self.recorder.record(
                    .ok(number, claim: lease.id, token: lease.token, deadline: self.deadline(of: lease)))
                defer { self.recorder.record(.releasing(number)) }
                for _ in 0..<3 {
                    try await ContinuousClock().sleep(for: .milliseconds(Int.random(in: 1...5)))
                    self.recorder.record(
                        .observed(
                            number, isHeld: lease.isHeld, token: lease.token, deadline: self.deadline(of: lease)))
                }
            }
            recorder.record(.released(number, isConfirmed: true))
            done.add(1, ordering: .relaxed)
        } catch let error as LockError where error.code == .leaseLost {
            recorder.record(.lost(number, reason: "\(error.code)"))
        } catch {
            recorder.record(.info(number, reason: "\(error)"))
            // Not at full speed against a wall.
            try? await ContinuousClock().sleep(for: .milliseconds(20))
        }
    }

    private func deadline(of lease: Lease) -> Duration {
        let now = recorder.now
        let remaining = lease.remaining
        return now + (remaining > .zero ? remaining : .nanoseconds(-1))
    }
}
#endif
