import Holdfast
import Testing

@Suite struct ClaimTableTests {
    @Test func `a free key is held at once, the next waits, and is held when the first is gone`() throws {
        let table = TestTable()
        let first = try table.put(1, "a")
        #expect(first.isHeld)
        #expect(try table.put(2, "a") == .waiting())
        #expect(try table.put(3, "a") == .waiting())
        #expect(table.blockers(3) == [1, 2])
        #expect(table.removed(1) == [2])
        let second = try #require(table.grant(2))
        #expect(second.token > (try #require(first.token)))
        #expect(table.grant(3) == nil)
    }

    @Test func `a place is idempotent per id`() throws {
        let table = TestTable()
        let first = try table.put(1, "a")
        #expect(try table.put(1, "a") == first)
        try table.put(2, "a")
        #expect(try table.put(2, "a") == .waiting())
        #expect(table.count == 2)
    }

    @Test func `if free leaves nothing behind where it is refused`() throws {
        let table = TestTable()
        try table.put(1, "a")
        #expect(try table.put(2, "a", .exclusive, .ifFree) == .refused)
        #expect(table.count == 1)
        let pair = try Claim.test(3, [.init("b"), .init("a")])
        #expect(try table.place(pair, .ifFree, now: .zero) == .refused)
        #expect(try table.put(4, "b", .exclusive, .ifFree).isHeld)
    }

    @Test func `a reader queues behind an earlier waiting writer`() throws {
        let table = TestTable()
        #expect(try table.put(1, "a", .shared).isHeld)
        #expect(try table.put(2, "a", .shared).isHeld)
        #expect(try table.put(3, "a", .exclusive) == .waiting())
        #expect(try table.put(4, "a", .shared) == .waiting())
        #expect(try table.put(5, "a", .shared) == .waiting())
        #expect(table.removed(1) == [])
        #expect(table.removed(2) == [3])
        #expect(table.removed(3) == [4, 5])
    }

    @Test func `a writer that gives up lets the readers behind it in`() throws {
        let table = TestTable()
        try table.put(1, "a", .shared)
        try table.put(2, "a", .exclusive)
        try table.put(3, "a", .shared)
        #expect(table.removed(2) == [3])
    }

    @Test func `permits are a sum over all earlier claims, not a matter of pairs`() throws {
        let table = TestTable()
        for number: UInt64 in 1...3 { #expect(try table.put(number, "a", .permits(1, of: 3)).isHeld) }
        #expect(try table.put(4, "a", .permits(1, of: 3)) == .waiting())
        #expect(table.removed(2) == [4])
    }

    @Test func `a large permit claim at the head is not overtaken by small ones`() throws {
        let table = TestTable()
        try table.put(1, "a", .permits(2, of: 3))
        #expect(try table.put(2, "a", .permits(3, of: 3)) == .waiting())
        #expect(try table.put(3, "a", .permits(1, of: 3)) == .waiting())
        #expect(table.removed(1) == [2])
        #expect(table.removed(2) == [3])
    }

    @Test func `another limit, and permits beside another mode, are errors that place nothing`() throws {
        let table = TestTable()
        try table.put(1, "a", .permits(1, of: 3))
        for mode: LockMode in [.permits(1, of: 4), .exclusive, .shared] {
            let error = #expect(throws: LockError.self) { try table.put(2, "a", mode) }
            #expect(error?.code == .modeConflict)
        }
        #expect(table.count == 1)
        _ = table.removed(1)
        #expect(try table.put(2, "a", .permits(1, of: 4)).isHeld)
    }

    @Test func `several keys are placed at one point in the order`() throws {
        let table = TestTable()
        try table.put(1, "a")
        #expect(try table.place(.test(2, [.init("a"), .init("b")]), now: .zero) == .waiting())
        #expect(try table.put(3, "b") == .waiting())
        #expect(table.removed(1) == [2])
        #expect(table.removed(2) == [3])
    }

    @Test func `a shared claim that waits for its other key does not hold up a reader behind it`() throws {
        let table = TestTable()
        try table.put(1, "a")
        try table.put(2, "b")
        #expect(try table.place(.test(3, [.init("a"), .init("b", .shared)]), now: .zero) == .waiting())
        #expect(try table.put(4, "b", .shared) == .waiting())
        #expect(table.removed(2) == [4])
        #expect(table.removed(1) == [3])
    }

    @Test func `the token of a claim on several keys is above those of each`() throws {
        let table = TestTable()
        let a = try #require(try table.put(1, "a").token)
        let b = try #require(try table.put(2, "b").token)
        _ = table.removed(1)
        _ = table.removed(2)
        let both = try #require(try table.place(.test(3, [.init("a"), .init("b")]), now: .zero).token)
        #expect(both > max(a, b))
    }

    @Test func `nothing is left behind by a key that nobody claims`() throws {
        let table = TestTable()
        for number: UInt64 in 1...10_000 {
            try table.put(number, LockKey("key-\(number)"))
            _ = table.removed(number)
        }
        #expect(table.count == 0)
        #expect(table.nextExpiry == nil)
        #expect(table.records(withPrefix: "", limit: 10).isEmpty)
    }

    @Test func `removal is idempotent, and a stale one touches nobody else`() throws {
        let table = TestTable()
        try table.put(1, "a")
        try table.put(2, "a")
        #expect(table.removed(1) == [2])
        #expect(table.remove(1, now: .zero) == .absent)
        #expect(table.grant(2) != nil)
    }

    @Test func `a listing is by key and queue order, and compares prefixes as bytes`() throws {
        let table = TestTable()
        try table.put(1, "a/b")
        try table.put(2, "a")
        try table.put(3, "a")
        try table.put(4, "b")
        #expect(table.records(withPrefix: "a", limit: 9).map(\.id.sequence) == [2, 3, 1])
        #expect(table.records(withPrefix: "a", limit: 2).count == 2)
        #expect(table.records(withPrefix: "a/", limit: 9).map(\.key.text) == ["a/b"])
    }
}
