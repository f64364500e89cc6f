#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

/// What claims cost in requests.
@Suite struct HandOffTests {
    private let claims = Claims()
    /// Without the watches on own keys, which a slow machine would see.
    private var plain: ClaimBounds {
        var bounds = ClaimBounds()
        bounds.watchAfter = .seconds(3600)
        return bounds
    }

    @Test(arguments: [1, 5]) func `a free lock is one request, and its release one`(_ keys: Int) async throws {
        let corner = try await Corner()
        try await corner.backends(bounds: plain) { backends in
            try await backends[0].hold(claims.next("warm"))
            // The client's lease, and where it is asked to let go.
            try await Self.quiet(backends[0])
            for mode in [LockMode.exclusive, .shared, .permits(1, of: 2)] {
                for condition in [PlaceCondition.always, .ifFree] {
                    let before = backends[0].link.requestsSent
                    let claim = try claims.next((0..<keys).map { Claim.Part("k\($0)", mode) })
                    let placement = try await backends[0].place(claim, condition)
                    #expect(placement.token != nil)
                    let removal = try await backends[0].remove(claim.id)
                    #expect(removal == .removed)
                    let after = backends[0].link.requestsSent
                    #expect(after.all - before.all == 2)
                    let deletions = after.unary[.deleteRange, default: 0] - before.unary[.deleteRange, default: 0]
                    #expect(deletions == (keys == 1 ? 1 : 0))
                }
            }
        }
    }

    @Test func `64 keys fit into one claim`() async throws {
        let corner = try await Corner()
        try await corner.backends(2) { backends in
            let parts = (0..<Claim.keysLimit).map { Claim.Part(LockKey(unchecked: "k\($0)")) }
            let (first, second) = try (claims.next(parts), claims.next(parts))
            try await backends[0].hold(first)
            try await backends[1].wait(second)
            let third = try claims.next(parts)
            try await backends[0].wait(third)
            _ = try await backends[0].remove(first.id)
            _ = try await backends[1].grant(of: second.id)
            _ = try await backends[1].remove(second.id)
            _ = try await backends[0].grant(of: third.id)
        }
    }

    @Test func `a hand-off within a process is the release alone`() async throws {
        let corner = try await Corner()
        try await corner.backends(bounds: plain) { backends in
            let queue = try (0..<20).map { _ in try claims.next("k") }
            try await backends[0].hold(queue[0])
            for claim in queue.dropFirst() { try await backends[0].wait(claim) }
            let before = backends[0].link.requestsSent
            for (claim, next) in zip(queue, queue.dropFirst()) {
                _ = try await backends[0].remove(claim.id)
                _ = try await backends[0].grant(of: next.id)
            }
            let cost = backends[0].link.requestsSent.all - before.all
            #expect(cost <= queue.count, "\(cost) requests")
        }
    }

    @Test(arguments: [LockMode.exclusive, .shared, .permits(2, of: 2)])
    func `a hand-off between processes is at most three requests`(_ mode: LockMode) async throws {
        let corner = try await Corner()
        try await corner.backends(2, bounds: plain) { backends in
            var holder = try claims.next("k")
            if case .permits = mode { holder = try claims.next("k", mode) }
            try await backends[0].hold(holder)
            let rounds = 20
            var cost = 0
            for round in 0..<rounds {
                let (mine, other) = (backends[round % 2], backends[(round + 1) % 2])
                let next = try claims.next("k", round.isMultiple(of: 2) ? mode : holder.parts[0].mode)
                let exclusive = try claims.next("k", Self.blocking(mode))
                let waiter = round.isMultiple(of: 2) ? next : exclusive
                try await other.wait(waiter)
                async let grant = other.grant(of: waiter.id)
                try await Self.quiet(other)
                let before = mine.link.requestsSent.all + other.link.requestsSent.all
                _ = try await mine.remove(holder.id)
                _ = try await grant
                cost += mine.link.requestsSent.all + other.link.requestsSent.all - before
                holder = waiter
            }
            #expect(cost <= 3 * rounds, "\(cost) requests for \(rounds) hand-offs")
        }
    }

    private static func blocking(_ mode: LockMode) -> LockMode { if case .permits = mode { mode } else { .exclusive } }

    /// Waits until a backend's follower has its watch.
    private static func quiet(_ backend: EtcdBackend) async throws {
        var last = -1
        try await eventually("nothing is sent any more") {
            defer { last = backend.link.requestsSent.all }
            // The span in which nothing is to be sent.
            try await Task.sleep(for: .milliseconds(3))
            return last == backend.link.requestsSent.all
        }
    }

    @Test func `a queue over several processes keeps its order`() async throws {
        let corner = try await Corner()
        try await corner.backends(4) { backends in
            let queue = try (0..<40).map { _ in try claims.next("k") }
            try await backends[0].hold(queue[0])
            for (index, claim) in queue.enumerated().dropFirst() { try await backends[index % 4].wait(claim) }
            var last: FencingToken?
            for (index, claim) in queue.enumerated() {
                let token = try await backends[index % 4].grant(of: claim.id).token
                if let last { #expect(token > last) }
                last = token
                if index + 1 < queue.count {
                    let next = try await backends[(index + 1) % 4].place(queue[index + 1], .always)
                    #expect(next.token == nil)
                }
                _ = try await backends[index % 4].remove(claim.id)
            }
        }
    }

    @Test func `renewal does not grow with ten thousand leases`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let many = try (0..<10_000).map { try claims.next(LockKey(unchecked: "k\($0)")) }
            try await Self.holdAll(many, backends[0])
            let ids = many.map(\.id)
            let before = backends[0].link.requestsSent
            try await Self.extend(ids.batches(of: 1_000), backends[0])
            let after = backends[0].link.requestsSent
            #expect(after.keepAlives - before.keepAlives <= 3)
            #expect(after.unary[.range, default: 0] - before.unary[.range, default: 0] <= 3)
            // One by one, as renewals of claims that were placed one by one: the pace is bounded.
            let began = ContinuousClock.now
            try await Self.extend(ids.prefix(1_000).map { [$0] }, backends[0])
            let took = ContinuousClock.now - began
            let last = backends[0].link.requestsSent
            let bounds = backends[0].bounds.lives
            #expect(
                last.keepAlives - after.keepAlives <= bounds.renewalBurst + 1 + Int(took / bounds.longestRenewalPause))
        }
    }

    private static func holdAll(_ claims: [Claim], _ backend: EtcdBackend) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for batch in claims.batches(of: 100) {
                group.addTask { for claim in batch { try await backend.hold(claim) } }
            }
            try await group.waitForAll()
        }
    }

    private static func extend(_ batches: [[Claim.ID]], _ backend: EtcdBackend) async throws {
        try await withThrowingTaskGroup(of: Extension.self) { group in
            for batch in batches { group.addTask { try await backend.extend(batch, for: .seconds(30)) } }
            for try await outcome in group { #expect(outcome == Extension()) }
        }
    }
}
#endif
