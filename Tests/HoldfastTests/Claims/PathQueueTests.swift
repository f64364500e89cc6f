import Holdfast
import HoldfastTesting
import Testing

/// The rule of paths, in the table and where the store gives the order, against a third writing of it.
@Suite struct PathQueueTests {
    private typealias Order = ClaimOrder<Int>

    /// Which modes come, by row, to which that are there before, as the textbook has it: IS, IX, S, U, X.
    private static let behind: [[Bool]] = [
        [true, true, true, false, false], [true, true, false, false, false], [true, false, true, false, false],
        [true, false, true, false, false], [false, false, false, false, false],
    ]

    private static func areClear(_ modes: [PathMode]) -> [Bool] {
        modes.indices.map { last in
            (0...last).allSatisfy { later in
                (0..<later).allSatisfy { behind[modes[later].rawValue][modes[$0].rawValue] }
            }
        }
    }

    private static func modes(_ random: inout SeededGenerator, _ count: Int) -> [PathMode] {
        // Mostly of those that stand together, or nobody is clear behind the first.
        let common: [PathMode] =
            random.happens(500) ? [.intentionShared, .shared] : [.intentionShared, .intentionExclusive]
        return (0..<count).map { _ in random.happens(250) ? random.pick(PathMode.allCases) : random.pick(common) }
    }

    private static func order(_ modes: [PathMode]) -> Order {
        Order(modes.enumerated().map { .init(key: $0.offset, revision: Int64($0.offset), mode: .path($0.element)) })
    }

    @Test func `the table of modes is the textbook's`() {
        for one in PathMode.allCases {
            for other in PathMode.allCases {
                let mayHold = Self.behind[one.rawValue][other.rawValue]
                #expect(one.mayHold(behind: other) == mayHold)
                #expect(LockMode.path(one).isBlocked(by: .path(other)) == !mayHold)
                var sum = PathSum()
                sum.add(other)
                #expect(sum.admits(one) == mayHold)
            }
            for plain: LockMode in [.exclusive, .shared, .permits(1, of: 2)] {
                #expect(!LockMode.path(one).mayMeet(plain))
                #expect(!plain.mayMeet(.path(one)))
            }
        }
    }

    @Test func `a sum says how many there are of each, up to its bound`() {
        var sum = PathSum()
        for mode: PathMode in [.intentionShared, .intentionShared, .shared, .upgradeable] { sum.add(mode) }
        #expect(PathMode.allCases.map { sum.count(of: $0) } == [2, 0, 1, 1, 0])
        for mode: PathMode in [.intentionShared, .intentionShared, .shared, .upgradeable] { sum.remove(mode) }
        #expect(sum == PathSum())
        for mode: PathMode in [.intentionShared, .intentionExclusive, .shared] {
            var full = PathSum(packed: (PathSum.countLimit - 1) * PathSum.weight(of: mode))
            #expect(full.admits(mode))
            full.add(mode)
            #expect(!full.admits(mode))
            #expect(PathMode.allCases.map { full.count(of: $0) }.reduce(0, +) == PathSum.countLimit)
        }
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func `the table and the order agree with the rule, while claims come and go`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let table = TestTable()
        var queue: [(number: UInt64, mode: PathMode)] = []
        for number: UInt64 in 1...60 {
            if queue.count > 2, random.happens(500) {
                let gone = queue.remove(at: random.below(queue.count))
                let before = Set(queue.map(\.number).filter { table.grant($0) != nil })
                let granted = table.removed(gone.number)
                #expect(Set(granted).isDisjoint(with: before))
            } else {
                let mode = Self.modes(&random, 1)[0]
                queue.append((number, mode))
                let condition: PlaceCondition = random.happens(200) ? .ifFree : .always
                let placement = try table.put(number, "a", .path(mode), condition)
                let isClear = Self.areClear(queue.map(\.mode)).last == true
                #expect(placement.isHeld == isClear)
                if placement == .refused { queue.removeLast() }
            }
            let clear = Self.areClear(queue.map(\.mode))
            #expect(queue.map { table.grant($0.number) != nil } == clear)
            #expect(Self.order(queue.map(\.mode)).clear == clear)
            for (index, entry) in queue.enumerated() {
                #expect(table.blockers(entry.number).isEmpty == clear[index])
                let standing = Self.order(queue.map(\.mode)).standing(of: index)
                #expect((standing == .clear) == clear[index])
            }
        }
    }

    /// Everybody sleeps until one of those leaves that it watches, and looks again then: nobody may sleep on while it
    /// is clear, whoever leaves, and whoever comes.
    @Test(arguments: 1...300 as ClosedRange<UInt64>) func `nobody sleeps while it is clear`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var entries = Self.order(Self.modes(&random, 12)).entries
        var watched: [Int: [Int]] = [:]
        var next = entries.count
        func look(_ key: Int) {
            switch Order(entries).standing(of: key) {
            case .blocked(let watch):
                #expect(!watch.isEmpty && watch.count <= 2 && !watch.contains(key))
                watched[key] = watch
            case .clear, .absent: watched[key] = nil
            }
        }
        for entry in entries { look(entry.key) }
        while !entries.isEmpty {
            if next < 40, random.happens(300) {
                entries.append(.init(key: next, revision: Int64(next), mode: .path(Self.modes(&random, 1)[0])))
                look(next)
                next += 1
            }
            let gone = entries.remove(at: random.below(entries.count)).key
            watched[gone] = nil
            for (key, watch) in watched where watch.contains(gone) { look(key) }
            for (entry, isClear) in zip(entries, Order(entries).clear) {
                #expect((watched[entry.key] == nil) == isClear)
            }
        }
    }

    @Test func `of a path, and of no path, do not stand together even where both were placed`() {
        let modes: [LockMode] = [.path(.intentionShared), .shared, .path(.intentionShared), .permits(1, of: 3)]
        let order = Order(modes.enumerated().map { .init(key: $0.offset, revision: 0, mode: $0.element) })
        #expect(order.clear == [true, false, false, false])
        #expect(order.standing(of: 2) == .blocked(watch: [1]))
        #expect(order.conflict(with: modes[1], before: 1) == .path(.intentionShared))
    }
}
