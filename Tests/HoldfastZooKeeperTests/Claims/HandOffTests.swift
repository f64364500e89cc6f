#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// What claims cost in requests.
@Suite struct HandOffTests {
    private let claims = Claims()

    @Test func `a free lock is a creation and a listing in one write, and its release a deletion`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let warm = try claims.next("k")
            try await backends[0].hold(warm)
            _ = try await backends[0].remove(warm.id)
            let before = backends[0].requestsSent
            let claim = try claims.next("k")
            try await backends[0].hold(claim)
            _ = try await backends[0].remove(claim.id)
            let sent = backends[0].requestsSent.changes(since: before)
            #expect(sent == [.create2: 1, .children: 1, .delete: 1])
        }
    }

    @Test(arguments: [2, 40]) func `a hand-off within a process is the release, and one listing`(
        _ count: Int
    ) async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let queue = try (0..<count).map { _ in try claims.next("k") }
            try await backends[0].hold(queue[0])
            for claim in queue.dropFirst() { try await backends[0].wait(claim) }
            let before = backends[0].requestsSent
            for (claim, next) in zip(queue, queue.dropFirst()) {
                _ = try await backends[0].remove(claim.id)
                _ = try await backends[0].grant(of: next.id)
            }
            let sent = backends[0].requestsSent.changes(since: before)
            #expect(sent[.delete] == count - 1)
            #expect(sent[.children, default: 0] <= count)
            // While they wait their own process tells of each other, so that nothing is watched; but for a listing
            // that is taken in after the end of a claim that it shows: its node is asked for, and gone.
            #expect(sent[.data, default: 0] <= 1 + count / 4, "\(sent)")
        }
    }

    @Test(arguments: [2, 10]) func `a hand-off between processes is constant, whoever else waits`(
        _ processes: Int
    ) async throws {
        let corner = try await Corner()
        try await corner.backends(processes) { backends in
            let queue = try (0..<40).map { _ in try claims.next("k") }
            try await backends[0].hold(queue[0])
            for (index, claim) in queue.enumerated().dropFirst() { try await backends[index % processes].wait(claim) }
            let before = backends.map(\.requestsSent)
            for (index, claim) in queue.enumerated() {
                _ = try await backends[index % processes].grant(of: claim.id)
                _ = try await backends[index % processes].remove(claim.id)
            }
            var sent: [OpCode: Int] = [:]
            for (backend, before) in zip(backends, before) {
                sent.merge(backend.requestsSent.changes(since: before)) { $0 + $1 }
            }
            #expect(sent[.delete] == queue.count)
            #expect(sent[.children, default: 0] <= 2 * queue.count + processes, "\(sent)")
            #expect(sent[.data, default: 0] <= 2 * queue.count + processes, "\(sent)")
        }
    }

    @Test func `renewal does not grow with a thousand leases`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let many = try (0..<1_000).map { try claims.next(LockKey(unchecked: "k\($0)")) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for batch in many.batches(of: 100) {
                    group.addTask { for claim in batch { try await backends[0].hold(claim) } }
                }
                try await group.waitForAll()
            }
            let ids = many.map(\.id)
            // Begins to watch them.
            let first = try await backends[0].extend(ids, for: .seconds(30))
            let before = backends[0].requestsSent
            let second = try await backends[0].extend(ids, for: .seconds(30))
            #expect(first.gone.isEmpty && second.gone.isEmpty)
            let sent = backends[0].requestsSent.changes(since: before)
            #expect(sent[.sync, default: 0] <= 2 && sent[.data] == nil, "\(sent)")
        }
    }
}

extension [OpCode: Int] {
    fileprivate func changes(since before: Self) -> Self {
        merging(before) { $0 - $1 }.filter { $0.value > 0 && $0.key != .ping }
    }
}
#endif
