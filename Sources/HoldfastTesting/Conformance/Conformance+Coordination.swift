import Holdfast
import Synchronization

extension Conformance {
    /// What the library builds on claims and records, as several processes use it.
    static let coordination: [ConformanceCase] = [
        coordination("updates by several clients lose nothing, with and without the lock") { stage, clients in
            for locksAfter in [nil, 1] {
                let key = stage.key("counter/\(locksAfter ?? 0)")
                let rounds = max(stage.harness.effort / 100, 3)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 0..<6 {
                        group.addTask {
                            for _ in 0..<rounds { try await increment(key, clients[writer % 3], locksAfter) }
                        }
                    }
                    try await group.waitForAll()
                }
                let sum = try await clients[0].records.read(key, as: Int.self)
                try require(sum == 6 * rounds, "\(6 * rounds) increments make \(String(describing: sum))")
                try require(try await clients[1].records.delete(key), "the record was there to be deleted")
            }
        },
        coordination("an update sees none where there is none, and can delete") { stage, clients in
            let key = stage.key("value")
            let none = try await clients[0].records.update(key, as: [String].self) { present in
                try require(present == nil, "there is a value before the first: \(String(describing: present))")
                return nil
            }
            try require(none == nil, "nothing was written, and \(String(describing: none)) came back")
            try await clients[0].records.update(key) { (_: [String]?) in ["a"] }
            try await clients[1].records.update(key) { (present: [String]?) in (present ?? []) + ["b"] }
            let both = try await clients[2].records.read(key, as: [String].self)
            try require(both == ["a", "b"], "two updates make \(String(describing: both))")
            try await clients[1].records.update(key) { (_: [String]?) in nil }
            let gone = try await clients[0].records.read(key, as: [String].self)
            try require(gone == nil, "what was deleted is \(String(describing: gone))")
            try require(try await !clients[0].records.delete(key), "what was deleted is there to be deleted")
        },
        coordination("of many calls at once one runs the body, and all get its result") { stage, clients in
            let key = stage.key("once")
            let runs = Runs()
            let results = try await withThrowingTaskGroup(of: OnceResult<String>.self) { group in
                for caller in 0..<9 {
                    group.addTask {
                        try await clients[caller % 3].once(key, retention: .seconds(600)) { _ in
                            runs.note()
                            await Task.yield()
                            return "by \(caller)"
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try require(runs.count == 1, "the body ran \(runs.count) times")
            try require(Set(results.map(\.value)).count == 1, "the results differ: \(results.map(\.value))")
            try require(results.count { $0.ranNow } == 1, "\(results.count { $0.ranNow }) calls say that they ran it")
            try require(try await clients[0].forgetOnce(key), "the success was there to be forgotten")
            let again = try await clients[1].once(key, retention: .seconds(600)) { _ in "again" }
            try require(again == OnceResult(value: "again", ranNow: true), "after that, a call answers \(again)")
            try await clients[2].forgetOnce(key)
        },
        coordination("a body that throws, or is cancelled, leaves the next one to run") { stage, clients in
            let key = stage.key("once")
            do {
                _ = try await clients[0].once(key) { _ -> Int in throw Failed() }
                throw ConformanceFailure("the body's error was lost")
            } catch is Failed {}
            try await stage.expect(.leaseLost, "once whose claim was removed") {
                _ = try await clients[1].once(key) { lease -> Int in
                    _ = try await clients[1].remove(lease.id)
                    _ = await lease.whenLost()
                    return 1
                }
            }
            let held = try await clients[2].acquire(key)
            try await stage.expect(.busy, "once whose lock another holds") {
                _ = try await clients[0].once(key, wait: .no) { _ in 2 }
            }
            try await held.release()
            let result = try await clients[2].once(key) { _ in 3 }
            try require(result == OnceResult(value: 3, ranNow: true), "the next call answers \(result)")
            let later = try await clients[0].once(key, wait: .no) { _ in 4 }
            try require(later == OnceResult(value: 3, ranNow: false), "a later call answers \(later)")
            try await clients[0].forgetOnce(key)
        },
    ]

    private struct Failed: Error {}

    private static func increment(_ key: LockKey, _ client: LockClient, _ locksAfter: Int?) async throws {
        let options = UpdateOptions(attemptsLimit: 1000, locksAfter: locksAfter)
        try await client.records.update(key, options: options) { (sum: Int?) in (sum ?? 0) + 1 }
    }

    private static func coordination(
        _ name: String, _ body: @escaping @Sendable (ConformanceStage, [LockClient]) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(name, .records) { stage in
            var configuration = LockClientConfiguration(timeToLive: max(.seconds(30), stage.shortLife))
            configuration.label = "coordination"
            // The stage runs the backends already.
            let clients = stage.backends.map { LockClient(backend: BackendView($0), configuration: configuration) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in clients { group.addTask { try await client.run() } }
                defer { for client in clients { client.shutDown() } }
                try await body(stage, clients)
            }
        }
    }
}

/// How often a body ran.
private final class Runs: Sendable {
    private let noted = Mutex(0)

    var count: Int { noted.withLock { $0 } }

    func note() { noted.withLock { $0 += 1 } }
}
