import Testing

@testable import Holdfast

/// Orders in which keys are taken.
@Suite struct LockOrderTests {
    @Test func `one order is no inversion, however often`() {
        var order = LockOrder()
        for _ in 0..<3 {
            #expect(order.taking(["b"], holding: ["a"]) == nil)
            #expect(order.taking(["c"], holding: ["a", "b"]) == nil)
        }
    }

    @Test func `two orders are one, and are told once`() {
        var order = LockOrder()
        #expect(order.taking(["b"], holding: ["a"]) == nil)
        let inverted = order.taking(["a"], holding: ["b"])
        #expect(inverted?.held == "b" && inverted?.asked == "a")
        #expect(order.taking(["a"], holding: ["b"]) == nil)
    }

    @Test func `an order by way of others counts`() {
        var order = LockOrder()
        #expect(order.taking(["b"], holding: ["a"]) == nil)
        #expect(order.taking(["c"], holding: ["b"]) == nil)
        #expect(order.taking(["a"], holding: ["c"])?.asked == "a")
    }

    @Test func `keys of one claim have no order among themselves`() {
        var order = LockOrder()
        #expect(order.taking(["a", "b"], holding: ["x"]) == nil)
        #expect(order.taking(["b", "a"], holding: ["y"]) == nil)
        #expect(order.taking(["x"], holding: ["a"])?.held == "a")
    }

    @Test func `no more than a stated number of pairs is kept`() {
        var order = LockOrder()
        for number in 0..<(LockOrder.pairsLimit + 10) {
            _ = order.taking([LockKey(unchecked: "k\(number)")], holding: ["a"])
        }
        #expect(order.taking(["a"], holding: [LockKey(unchecked: "k\(LockOrder.pairsLimit + 5)")]) == nil)
    }

    @Test func `intentions alone are no inversion, and what is taken itself is one`() throws {
        var order = LockOrder()
        #expect(order.taking(["y", "y/1"], holding: ["x", "x/1"], intended: ["x", "y"]) == nil)
        #expect(order.taking(["x", "x/2"], holding: ["y", "y/2"], intended: ["x", "y"]) == nil)
        // Now somebody takes all of x.
        #expect(order.taking(["x"], holding: ["y", "y/3"], intended: ["y"]) == nil)
        #expect(order.taking(["x", "x/1"], holding: ["y/1"], intended: ["x"])?.asked == "x")
    }

    @Test func `a client tells of it, and takes the lock`() async throws {
        var configuration = LockClientConfiguration()
        configuration.checksLockOrder = true
        let client = LockClient(backend: MemoryBackend(), configuration: configuration)
        let events = client.events()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            for (outer, inner) in [("a", "b"), ("b", "a"), ("b", "a")] as [(LockKey, LockKey)] {
                try await client.withLock(outer) { _ in try await client.withLock(inner) { _ in } }
            }
            client.shutDown()
            try await group.waitForAll()
        }
        var inversions: [LockKey] = []
        var releases = 0
        for await event in events {
            if case .orderInverted(let held) = event.kind { inversions.append(held) }
            if event.kind == .released { releases += 1 }
            if releases == 6 { break }
        }
        #expect(inversions == ["b"])
    }
}
