import Glibc
import Holdfast
import HoldfastStores
import ServerKit
import Testing

@testable import HoldfastCLI

/// `why`.
@Suite(.timeLimit(.minutes(2))) struct WhyTests {
    @Test func `why tells who holds a lock and who waits for it`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("lock", "--name", "night job", "k")
        try await eventually("it is held") { try await scratch.claims().count == 1 }
        let waiter = try scratch.start("lock", "-s", "k")
        try await eventually("one waits") { try await scratch.claims().count == 2 }
        let why = try await scratch.run("why", "k")
        #expect(why.status == 0)
        let lines = why.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0] == "k")
        #expect(lines[1].contains("night job") && lines[1].contains("holds it, exclusive"))
        #expect(lines[2].contains("waits for it, shared"))
        for process in [waiter, holder] {
            process.send(SIGTERM)
            try await process.end()
        }
        let nobody = try await scratch.run("why", "k")
        #expect(nobody.status == 1 && nobody.output.isEmpty)
    }

    @Test func `a circle that stands is shown`() async throws {
        let scratch = try Scratch()
        let store = try StoreURL("sqlite://\(scratch.path("locks.sqlite"))")
        var configuration = LockClientConfiguration()
        // What both wait for is said after one of them, and ended half of one later at the soonest.
        configuration.deadlockThreshold = .seconds(6)
        try await LockClient.withClient(backend: store.open(), configuration: configuration) { locks in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (first, second) in [("a", "b"), ("b", "a")] as [(LockKey, LockKey)] {
                    group.addTask {
                        try await locks.withLock(first) { _ in
                            try await eventually("both are held") { try await scratch.claims().count >= 2 }
                            try await locks.withLock(second) { _ in }
                        }
                    }
                }
                try await eventually("the circle is shown", within: .seconds(20)) {
                    try await scratch.run("why", "a").output.contains("and waits for b: a circle")
                }
                var deadlocks = 0
                while let ended = await group.nextResult() {
                    guard case .failure(let error) = ended else { continue }
                    #expect((error as? LockError)?.code == .deadlock)
                    deadlocks += 1
                }
                #expect(deadlocks == 1)
            }
        }
        #expect(try await scratch.run("why", "a").status == 1)
    }

    @Test func `a circle is shown once around`() throws {
        func record(_ number: UInt64, _ key: LockKey, held: Bool, waits: [ClaimNote.Wait] = []) throws -> ClaimRecord {
            try ClaimRecord(
                key: key, id: Claim.ID(client: 1, sequence: number), mode: .exclusive,
                owner: Owner(host: "h", processID: Int32(number), program: "p"),
                token: held ? FencingToken(rawValue: 2) : nil, age: .seconds(3), remaining: .seconds(1),
                note: ClaimNote("", waits: waits))
        }
        let b = ClaimNote.Wait(claim: Claim.ID(client: 1, sequence: 11), key: "b", since: 1)
        let a = ClaimNote.Wait(claim: Claim.ID(client: 1, sequence: 12), key: "a", since: 2)
        let graph = WaitGraph(queues: [
            "a": [try record(1, "a", held: true, waits: [b]), try record(12, "a", held: false)],
            "b": [try record(2, "b", held: true, waits: [a]), try record(11, "b", held: false)],
        ])
        let lines = WaitText(graph).text(of: "a").split(separator: "\n").map(String.init)
        #expect(lines[0] == "a")
        #expect(lines[1].hasPrefix("  p[1]@h holds it"))
        #expect(lines[2] == "    and waits for b")
        #expect(lines[3].contains("p[2]@h holds it"))
        #expect(lines.contains { $0.hasSuffix("and waits for b: a circle") })
        #expect(WaitText(WaitGraph()).text(of: "a").isEmpty)
    }
}
