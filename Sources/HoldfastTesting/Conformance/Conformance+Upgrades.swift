import Holdfast
import Synchronization

extension Conformance {
    /// An upgradeable lease that becomes exclusive, among claims of other processes.
    static let upgrades: [ConformanceCase] = [
        upgrade("an upgrade waits for the readers before it, and comes before who waits", .notes) { stage, clients in
            let (reader, second) = try (stage.claim(path: "a/b/c", .shared), stage.claim(path: "a/b", .upgradeable))
            try await stage.hold(reader, on: stage.backends[1])
            let names = Names()
            try await clients[0].withLock(stage.parts("a/b", .upgradeable)) { lease in
                try await stage.wait(second, on: stage.backends[2])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await lease.withUpgrade { upgraded in
                            names.note("upgraded")
                            try require(
                                upgraded.isHeld && upgraded.token == lease.token && upgraded.key == lease.key,
                                "an upgraded lease is held, with its token, on its path")
                        }
                        names.note("upgradeable again")
                    }
                    try await expectMarker(on: "a/b", stage)
                    try require(names.names.isEmpty, "an upgrade did not wait for a reader below its path")
                    try await stage.remove(reader, on: stage.backends[1])
                    try await group.waitForAll()
                }
                try await stage.expectWaiting(second)
                names.note("released")
            }
            try await stage.granted(second, on: stage.backends[2])
            try require(
                names.names == ["upgraded", "upgradeable again", "released"], "it happened so: \(names.names)")
        },
        upgrade("an upgrade that fails leaves the lease") { stage, clients in
            let reader = try stage.claim(path: "a/b", .shared)
            try await stage.hold(reader, on: stage.backends[1])
            try await clients[0].withLock(stage.parts("a/b", .upgradeable)) { lease in
                try await stage.expect(.busy, "an upgrade that would not wait") {
                    try await lease.withUpgrade(wait: .no) { _ in }
                }
                try await stage.expect(.timedOut, "an upgrade that would not wait so long") {
                    try await lease.withUpgrade(wait: .upTo(.milliseconds(100))) { _ in }
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        do {
                            try await lease.withUpgrade { _ in }
                            throw ConformanceFailure("an upgrade beside a reader came to pass")
                        } catch is CancellationError {}
                    }
                    await Task.yield()
                    group.cancelAll()
                    try await group.waitForAll()
                }
                try require(lease.isHeld, "a lease is lost by upgrades that failed")
                try await stage.remove(reader, on: stage.backends[1])
                try await lease.withUpgrade(wait: .no) { try require($0.isHeld, "it is alone, and not exclusive") }
            }
        },
        upgrade("what is read before an upgrade is true in it, whoever writes beside") { stage, clients in
            let value = Value()
            let rounds = max(stage.harness.effort / 200, 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<6 {
                    group.addTask {
                        for _ in 0..<rounds {
                            try await clients[worker % 3].withLock(stage.parts("a/b", .upgradeable)) { lease in
                                let read = value.current
                                await Task.yield()
                                try await lease.withUpgrade { _ in value.current = read + 1 }
                            }
                            try await clients[worker % 3].withLock(stage.parts("a/b/c", .shared)) { _ in
                                let one = value.current
                                await Task.yield()
                                let other = value.current
                                try require(one == other, "a reader saw a writer at work")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sum = value.current
            try require(sum == 6 * rounds, "\(6 * rounds) increments under upgrades make \(sum)")
        },
        upgrade("what can never be upgraded is refused at once, and own readers ride") { stage, clients in
            let locks = clients[0]
            try await locks.withLock(stage.parts("a/b", .shared)) { lease in
                try await stage.expect(.wouldDeadlock, "a reader's upgrade") { try await lease.withUpgrade { _ in } }
            }
            try await locks.withLock(stage.parts("a/b/c", .shared)) { _ in
                try await locks.withLock(stage.parts("a/b", .upgradeable)) { lease in
                    try await stage.expect(.wouldDeadlock, "an upgrade above an own reader") {
                        try await lease.withUpgrade { _ in }
                    }
                }
            }
            try await locks.withLock(stage.parts("a/b", .upgradeable)) { lease in
                try await locks.withLock(stage.parts("a/b/c", .shared)) { inner in
                    try require(inner.id == lease.id, "a reader nested in an upgradeable lease does not ride on it")
                }
                try await lease.withUpgrade { upgraded in
                    try await stage.expect(.wouldDeadlock, "a nested upgrade") { try await lease.withUpgrade { _ in } }
                    let below = LockOptions(reentrant: true)
                    try await locks.withLock(stage.parts("a/b/c"), options: below) { inner in
                        try require(inner.id == lease.id, "a lock below an upgraded lease does not ride on it")
                    }
                }
                try await stage.expect(.wouldDeadlock, "a writer below an upgradeable lease") {
                    try await locks.withLock(stage.parts("a/b/c"), options: LockOptions(reentrant: true)) { _ in }
                }
            }
            let (own, other) = try (stage.parts("a/b", .upgradeable), stage.parts("x"))
            try await locks.withLock(own + other) { lease in
                let token = try await lease.withUpgrade { $0.token }
                try require(token == lease.token, "a lease with an exclusive part is not upgraded")
            }
            try await locks.withLock(stage.parts("a/b")) { lease in
                let token = try await lease.withUpgrade { $0.token }
                try require(token == lease.token, "an exclusive lease is exclusive at once")
            }
        },
        upgrade("an upgrade ends with its lease, whoever owns it") { stage, clients in
            let owned = try await clients[0].acquire(stage.parts("a/b", .upgradeable))
            let lease = owned.lease
            try await stage.expect(.leaseLost, "an upgrade whose lease was removed") {
                try await lease.withUpgrade { upgraded in
                    _ = try await clients[0].remove(lease.id)
                    _ = try await stage.within(stage.harness.handOffLimit, "a loss was not noticed") {
                        await upgraded.whenLost()
                    }
                    try await Coordination.until("the body is cancelled", stage) { Task.isCancelled }
                    try require(!upgraded.isHeld, "what is lost is held")
                }
            }
            _ = consume owned
        },
        upgrade("an upgrade is in no deadlock with who waits behind it", .notes) { stage, clients in
            let (reader, second) = try (stage.claim(path: "a/b", .shared), stage.claim(path: "a/b", .upgradeable))
            try await stage.hold(reader, on: stage.backends[1])
            try await clients[0].withLock(stage.parts("a/b", .upgradeable)) { lease in
                try await stage.wait(second, on: stage.backends[2])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await lease.withUpgrade { _ in } }
                    // Long enough for two looks.
                    try await ContinuousClock().sleep(for: threshold * 4)
                    try await stage.remove(reader, on: stage.backends[1])
                    try await group.waitForAll()
                }
            }
        },
        upgrade("an upgrade in a circle with its reader is a deadlock", .notes) { stage, clients in
            let victims = Names()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await clients[0].withLock(stage.parts("x")) { _ in
                        try await expectHeld("a/b", stage)
                        try await clients[0].withLock(stage.parts("a/b", .upgradeable)) { lease in
                            try await noting("upgrade", victims) { try await lease.withUpgrade { _ in } }
                        }
                    }
                }
                group.addTask {
                    try await clients[1].withLock(stage.parts("a/b", .shared)) { _ in
                        try await expectHeld("x", stage)
                        try await noting("reader", victims) {
                            try await clients[1].withLock(stage.parts("x")) { _ in }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try require(victims.names.count == 1, "of a circle of two, these gave way: \(victims.names)")
        },
    ]

    /// What is read and written in two steps, as by somebody who needs a lock.
    private final class Value: Sendable {
        private let value = Mutex(0)
        var current: Int {
            get { value.withLock { $0 } }
            set { value.withLock { $0 = newValue } }
        }
    }

    private static let threshold: Duration = .milliseconds(250)

    private static func upgrade(
        _ name: String, _ needs: ConformanceCase.Needs = [],
        _ body: @escaping @Sendable (ConformanceStage, [LockClient]) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(name, needs.union([.paths, .listing])) { stage in
            try await Coordination.withClients(3, stage, life: .seconds(30), deadlockThreshold: threshold) {
                try await body(stage, $0)
            }
        }
    }

    private static func noting(_ name: String, _ victims: Names, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as LockError where error.code == .deadlock {
            victims.note(name)
        }
    }

    /// Waits until an upgrade looks for deadlocks.
    private static func expectMarker(on path: String, _ stage: ConformanceStage) async throws {
        try await Coordination.until("an upgrade says that it waits", stage) {
            try await stage.backend.claims(on: stage.key(path), limit: 100).contains {
                $0.mode == .path(.exclusive) && !$0.isHeld
            }
        }
    }

    private static func expectHeld(_ path: String, _ stage: ConformanceStage) async throws {
        try await Coordination.until("\(path) is held", stage) {
            try await stage.backend.claims(on: stage.key(path), limit: 100).contains(where: \.isHeld)
        }
    }
}
