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
}
