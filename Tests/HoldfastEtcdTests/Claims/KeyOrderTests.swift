#if Etcd
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastEtcd

/// The rule, on orders that are written down: whom a waiter watches, and who is clear.
@Suite struct KeyOrderTests {
    private func order(_ modes: [LockMode]) -> KeyOrder {
        KeyOrder(modes.enumerated().map { KeyOrder.Entry(key: [UInt8($0)], revision: Int64($0) + 1, mode: $1) })
    }

    private func watched(_ modes: [LockMode]) -> [Int]? {
        guard case .blocked(let watch) = order(modes).standing(of: [UInt8(modes.count - 1)]) else { return nil }
        return watch.map { Int($0[0]) }
    }

    @Test func `a writer watches the last one before it`() {
        #expect(watched([.exclusive]) == nil)
        #expect(watched([.exclusive, .exclusive, .exclusive]) == [1])
        #expect(watched([.shared, .shared, .exclusive]) == [1])
    }

    @Test func `a reader watches the last writer before it`() {
        #expect(watched([.shared, .shared, .shared]) == nil)
        #expect(watched([.exclusive, .shared, .exclusive, .shared, .shared]) == [2])
    }

    @Test func `permits watch all whose leaving can matter`() {
        let one = LockMode.permits(1, of: 2)
        // Curator's hole: the first may leave before the second.
        #expect(watched([one, one, one]) == [0, 1])
        // The oldest one alone is not enough for the fourth: some other must leave as well.
        #expect(watched([one, one, one, one]) == [1, 2])
        let limit = 10
        let ones = Array(repeating: LockMode.permits(1, of: limit), count: 50)
        #expect(watched(ones) == Array(39..<49))
        let (two, three) = (LockMode.permits(2, of: 5), LockMode.permits(3, of: 5))
        #expect(watched([two, three, two]) == [0, 1])
        #expect(watched([two, three, three]) == [1])
        #expect(watched([two, two, .permits(1, of: 5)]) == nil)
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>) func `it agrees with the claim table`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var table = ClaimTable(lastToken: try #require(FencingToken(rawValue: 1)))
        let isPermits = seed.isMultiple(of: 2)
        var modes: [LockMode] = []
        let claims = Claims()
        var held: [Bool] = []
        for _ in 0..<12 {
            let mode: LockMode =
                isPermits ? .permits(random.below(3) + 1, of: 5) : random.happens(500) ? .shared : .exclusive
            modes.append(mode)
            guard case .held = try table.place(try claims.next("k", mode), .always, now: .zero) else {
                held.append(false)
                continue
            }
            held.append(true)
        }
        #expect(order(modes).clear == held)
        for index in modes.indices {
            let standing = order(Array(modes[...index])).standing(of: [UInt8(index)])
            #expect((standing == .clear) == held[index])
        }
    }

    /// Whoever is not watched may leave, in any number: the waiter is not clear before one leaves that is.
    @Test(arguments: 1...50 as ClosedRange<UInt64>) func `no wake-up is lost`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let modes = (0..<10).map { _ in LockMode.permits(random.below(4) + 1, of: 6) }
        var entries = order(modes).entries
        let own = entries[9].key
        guard case .blocked(let watch) = order(modes).standing(of: own) else { return }
        entries.removeAll { $0.key != own && !watch.contains($0.key) }
        #expect(KeyOrder(entries).standing(of: own) != .clear)
    }

    @Test func `only the later of two modes that may not meet gives way`() {
        let queue = order([.permits(1, of: 3), .exclusive, .permits(1, of: 3)])
        #expect(queue.conflict(with: .permits(1, of: 3), before: [2]) == nil)
        #expect(queue.conflict(with: .exclusive, before: [1]) == .permits(1, of: 3))
        #expect(queue.conflict(with: .permits(1, of: 4), before: nil) == .permits(1, of: 3))
    }
}
#endif
