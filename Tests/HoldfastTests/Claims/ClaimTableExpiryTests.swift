import Holdfast
import Testing

@Suite struct ClaimTableExpiryTests {
    private func contended() throws -> TestTable {
        let table = TestTable()
        _ = try table.place(.test(1, [.init("a")], timeToLive: .seconds(10)), now: .zero)
        _ = try table.place(.test(2, [.init("a")], timeToLive: .seconds(60)), now: .zero)
        return table
    }

    @Test func `an expired holder hands on, and its late extension finds it gone`() throws {
        let table = try contended()
        table.expire(now: .seconds(10))
        let effects = table.effects()
        #expect(effects.expired == [.test(1)])
        #expect(effects.granted.map(\.id) == [.test(2)])
        #expect(table.extend([1], for: .seconds(10), now: .seconds(11)).gone == [.test(1)])
    }

    @Test func `every verb removes what has expired before it does anything else`() throws {
        let extending = try contended()
        #expect(extending.extend([1], for: .seconds(10), now: .seconds(10)).gone == [.test(1)])
        #expect(extending.grant(2) != nil)
        let removing = try contended()
        #expect(removing.remove(1, now: .seconds(10)) == .absent)
        let placing = try contended()
        #expect(try placing.place(.test(3, [.init("a")]), .ifFree, now: .seconds(10)) == .refused)
        #expect(placing.grant(2) != nil)
        let asking = try contended()
        #expect(asking.ask(1, now: .seconds(10)) == .absent)
    }

    @Test func `an extension prolongs and never shortens`() throws {
        let table = try contended()
        #expect(table.extend([1], for: .seconds(30), now: .seconds(5)) == Extension())
        #expect(table.extend([1], for: .seconds(1), now: .seconds(6)) == Extension())
        table.expire(now: .seconds(34))
        #expect(table.grant(1) != nil)
        table.expire(now: .seconds(35))
        #expect(!table.contains(1))
    }

    @Test func `a waiting claim expires too, and lets those behind it through`() throws {
        let table = TestTable()
        _ = try table.place(.test(1, [.init("a", .shared)]), now: .zero)
        _ = try table.place(.test(2, [.init("a")], timeToLive: .seconds(5)), now: .zero)
        _ = try table.place(.test(3, [.init("a", .shared)]), now: .zero)
        table.expire(now: .seconds(5))
        #expect(table.effects().granted.map(\.id) == [.test(3)])
    }

    @Test func `an asked claim stays, and its extension says so`() throws {
        let table = try contended()
        #expect(table.ask(1, now: .zero) == .removed)
        #expect(table.extend([1, 2], for: .seconds(10), now: .seconds(1)).asked == [.test(1)])
        #expect(table.grant(1) != nil)
    }

    @Test func `removing from a long queue costs what it grants`() throws {
        // Quadratic work would be a billion steps here, and take minutes.
        let table = TestTable()
        let count: UInt64 = 50_000
        for number in 1...count { try table.put(number, "a", number % 2 == 0 ? .shared : .exclusive) }
        let clock = ContinuousClock()
        let elapsed = clock.measure {
            for number in stride(from: count, to: 1, by: -2) { _ = table.removed(number) }
            for number in stride(from: UInt64(1), to: count, by: 2) { _ = table.removed(number) }
        }
        #expect(table.count == 0)
        #expect(elapsed < .seconds(5))
    }
}
