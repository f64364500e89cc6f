import Testing

@testable import Holdfast

/// Graphs of waits, made by hand.
@Suite struct WaitGraphTests {
    /// A claim on a key, held or waiting, of an owner who waits for others while it holds this.
    private func record(
        _ number: UInt64, _ key: LockKey, held: Bool, _ mode: LockMode = .exclusive, waits: [(UInt64, LockKey)] = []
    ) throws -> ClaimRecord {
        ClaimRecord(
            key: key, id: id(number), mode: mode,
            owner: Owner(host: "h", processID: Int32(number), program: "p"),
            token: held ? FencingToken(rawValue: Int64(number) + 1) : nil, age: .zero, remaining: .seconds(1),
            note: try ClaimNote("", waits: waits.map { .init(claim: id($0.0), key: $0.1, since: Int64($0.0)) }))
    }

    private func id(_ number: UInt64) -> Claim.ID { Claim.ID(client: 7, sequence: number) }

    /// 1 holds a and waits by 11 for b; 2 holds b and waits by 12 for a.
    private func pair() throws -> WaitGraph {
        WaitGraph(queues: [
            "a": [try record(1, "a", held: true, waits: [(11, "b")]), try record(12, "a", held: false)],
            "b": [try record(2, "b", held: true, waits: [(12, "a")]), try record(11, "b", held: false)],
        ])
    }

    @Test func `two that wait for each other are a deadlock, and the younger gives way`() throws {
        let graph = try pair()
        for (claim, since) in [(11, 11), (12, 12)] as [(UInt64, Int64)] {
            let deadlock = try #require(graph.deadlock(of: id(claim), since: since))
            #expect(deadlock.actors == [id(12), id(11)])
            #expect(Set(deadlock.steps.map(\.claim)) == [id(11), id(12)])
            #expect(deadlock.steps.first { $0.claim == id(11) }?.holds == ["a"])
            #expect(deadlock.steps.first { $0.claim == id(11) }?.waitsFor == ["b"])
        }
    }

    @Test func `a chain that ends is none`() throws {
        var graph = try pair()
        graph.add("b", [try record(2, "b", held: true), try record(11, "b", held: false)])
        #expect(graph.deadlock(of: id(11), since: 1) == nil)
        #expect(graph.deadlock(of: id(12), since: 2) == nil)
    }

    @Test func `an edge to a claim that is gone is none`() throws {
        var graph = try pair()
        graph.add("a", [try record(1, "a", held: true, waits: [(11, "b")])])
        #expect(graph.deadlock(of: id(11), since: 1) == nil)
    }

    @Test func `who waits for a circle and is not of it does not give way`() throws {
        var graph = try pair()
        graph.add("a", (graph.queues["a"] ?? []) + [try record(13, "a", held: false)])
        #expect(graph.deadlock(of: id(13), since: 13) == nil)
        #expect(graph.deadlock(of: id(11), since: 11)?.actors == [id(12), id(11)])
    }

    /// 1 came to the reader 2, and upgrades by 11; 3 waits to be upgradeable.
    private func upgrade(readerWaits: [(UInt64, LockKey)] = []) throws -> WaitGraph {
        WaitGraph(queues: [
            "k": [
                try record(2, "k", held: true, .path(.shared), waits: readerWaits),
                try record(1, "k", held: true, .path(.upgradeable), waits: [(11, "k")]),
                try record(3, "k", held: false, .path(.upgradeable)),
                try record(11, "k", held: false, .path(.exclusive)),
            ]
        ])
    }

    @Test func `an upgrade waits for readers, and not for itself or who waits`() throws {
        let graph = try upgrade()
        #expect(graph.blockers(of: id(11), on: "k").map(\.id) == [id(2)])
        #expect(graph.deadlock(of: id(11), since: 11) == nil)
        #expect(graph.deadlock(of: id(3), since: 3) == nil)
    }

    @Test func `an upgrade of more keys than a note has room for waits for none of its own`() throws {
        var graph = try upgrade()
        graph.add(
            "last",
            [
                try record(1, "last", held: true, .path(.upgradeable), waits: [(11, "k")]),
                try record(11, "last", held: false, .path(.exclusive)),
            ])
        #expect(graph.blockers(of: id(11), on: "last").isEmpty)
        #expect(graph.deadlock(of: id(11), since: 11) == nil)
    }

    @Test func `an upgrade and a reader that waits for what it upgrades are a deadlock`() throws {
        var graph = try upgrade(readerWaits: [(12, "root")])
        graph.add(
            "root",
            [
                try record(1, "root", held: true, .path(.intentionExclusive), waits: [(11, "k")]),
                try record(12, "root", held: false, .path(.shared)),
            ])
        #expect(graph.deadlock(of: id(11), since: 11)?.actors == [id(12), id(11)])
    }

    @Test func `a waiting writer in between closes a circle`() throws {
        // A reader behind a writer behind a reader whose owner waits for what the first one holds.
        let graph = WaitGraph(queues: [
            "r": [
                try record(1, "r", held: true, .shared, waits: [(11, "x")]), try record(2, "r", held: false),
                try record(13, "r", held: false, .shared),
            ],
            "x": [try record(3, "x", held: true, waits: [(13, "r")]), try record(11, "x", held: false)],
        ])
        let deadlock = try #require(graph.deadlock(of: id(13), since: 13))
        #expect(deadlock.actors == [id(13), id(11)])
        #expect(deadlock.steps.count == 3)
    }

    @Test func `permits that suffice without those of the circle are none`() throws {
        func graph(limit: Int) throws -> WaitGraph {
            WaitGraph(queues: [
                "p": [
                    try record(1, "p", held: true, .permits(1, of: limit), waits: [(11, "x")]),
                    try record(2, "p", held: true, .permits(1, of: limit)),
                    try record(12, "p", held: false, .permits(limit - 1, of: limit)),
                ],
                "x": [try record(3, "x", held: true, waits: [(12, "p")]), try record(11, "x", held: false)],
            ])
        }
        // One of three is stuck, one goes on, and two are wanted; of two, one is wanted, and the other goes on.
        #expect(try graph(limit: 3).deadlock(of: id(12), since: 12) == nil)
        #expect(try graph(limit: 2).deadlock(of: id(12), since: 12) == nil)
        var stuck = try graph(limit: 3)
        stuck.add(
            "p",
            [
                try record(1, "p", held: true, .permits(2, of: 3), waits: [(11, "x")]),
                try record(2, "p", held: true, .permits(1, of: 3)),
                try record(12, "p", held: false, .permits(2, of: 3)),
            ])
        #expect(stuck.deadlock(of: id(12), since: 12)?.actors == [id(12), id(11)])
    }

    @Test func `a circle is not sure where one who is waited for says nothing`() throws {
        var graph = try pair()
        #expect(try #require(graph.deadlock(of: id(12), since: 12)).isSure)
        // 3 reads a beside 1, and holds up 12 as well; 3 may wait for 2.
        var queue = try #require(graph.queues["a"])
        queue[0].mode = .shared
        queue.insert(try record(3, "a", held: true, .shared), at: 1)
        let unsure = try #require(graph.adding("a", queue).deadlock(of: id(12), since: 12))
        #expect(!unsure.isSure)
        queue[1].note = queue[1].note.waiting(for: [.init(claim: id(13), key: "b", since: 10)])
        // What it waited for is gone: it says nothing of now.
        #expect(try !#require(graph.adding("a", queue).deadlock(of: id(12), since: 12)).isSure)
        graph.add("a", queue)
        graph.add("b", try #require(graph.queues["b"]) + [record(13, "b", held: false)])
        #expect(try #require(graph.deadlock(of: id(12), since: 12)).isSure)
    }

    @Test func `who is to give way does it at once where that is sure, and the next one later`() throws {
        var graph = try pair()
        let sure = try #require(graph.deadlock(of: id(12), since: 12))
        var (first, second) = (DeadlockSight(of: id(12)), DeadlockSight(of: id(11)))
        #expect(first.sees(sure) == sure)
        #expect((0..<5).allSatisfy { _ in second.sees(sure) == nil })
        #expect(second.sees(sure) == sure)
        var queue = try #require(graph.queues["a"])
        queue[0].mode = .shared
        queue.insert(try record(3, "a", held: true, .shared), at: 1)
        graph.add("a", queue)
        let unsure = try #require(graph.deadlock(of: id(12), since: 12))
        first = DeadlockSight(of: id(12))
        #expect(first.sees(unsure) == nil)
        #expect(first.sees(nil) == nil)
        #expect(first.sees(unsure) == nil)
        #expect(first.sees(unsure) == unsure)
    }

    @Test func `who was late in saying what it waits for gives the others time, too`() {
        func times(published: Duration, sees: Bool) -> [Duration] {
            var looks = FirstLooks(began: .seconds(10), published: published, threshold: .seconds(1))
            return Array(sequence(state: ()) { _ in looks.next(seesCircle: sees) })
        }
        let usual: [Duration] = [.milliseconds(11_500), .milliseconds(11_750), .milliseconds(11_875)]
        #expect(times(published: .milliseconds(11_200), sees: true) == usual)
        #expect(times(published: .milliseconds(11_200), sees: false) == Array(usual.prefix(2)))
        for (published, later) in [(11_300, 100), (11_500, 500), (12_500, 1500)] {
            let looks = usual.map { $0 + .milliseconds(later) }
            #expect(times(published: .milliseconds(published), sees: true) == looks, "\(published)")
        }
    }

    @Test func `what stands in one reading alone is no edge`() throws {
        let first = try pair()
        var second = try pair()
        second.add("b", [try record(2, "b", held: true), try record(11, "b", held: false)])
        #expect(first.agreeing(with: second).deadlock(of: id(11), since: 1) == nil)
        #expect(first.agreeing(with: first).deadlock(of: id(11), since: 1) != nil)
        second = try pair()
        second.add("a", [try record(12, "a", held: true), try record(1, "a", held: false)])
        #expect(first.agreeing(with: second).deadlock(of: id(11), since: 1) == nil)
    }

    @Test func `a claim of several keys says on which it is blocked`() throws {
        // 2 waits for c and has its place on a, before 11, whose owner holds c.
        let graph = WaitGraph(queues: [
            "a": [try record(2, "a", held: false, waits: [(2, "c")]), try record(11, "a", held: false)],
            "c": [
                try record(1, "c", held: true, waits: [(11, "a")]),
                try record(2, "c", held: false, waits: [(2, "c")]),
            ],
        ])
        #expect(graph.waits(behind: id(11), on: "a") == [.init(claim: id(2), key: "c", since: 2)])
        #expect(graph.deadlock(of: id(11), since: 11)?.actors == [id(11), id(2)])
    }

    /// A circle of 10, 11 and 12, through a reader behind a waiting writer, and a wider one that 14 closed later. The
    /// writer, 10, says nothing of itself here: nobody reads what its owner holds.
    private func sharing() throws -> WaitGraph {
        WaitGraph(queues: [
            "r": [
                try record(1, "r", held: true, .shared, waits: [(11, "x")]),
                try record(4, "r", held: true, .shared, waits: [(14, "y")]), try record(10, "r", held: false),
                try record(12, "r", held: false, .shared),
            ],
            "x": [try record(2, "x", held: true, waits: [(12, "r")]), try record(11, "x", held: false)],
            "y": [try record(3, "y", held: true, waits: [(11, "x")]), try record(14, "y", held: false)],
        ])
    }

    @Test func `of circles that share a wait the earlier one counts, and who only closed the later one stays`() throws {
        let graph = try sharing()
        #expect(graph.deadlock(of: id(14), since: 14) == nil)
        for claim in [11, 12] as [UInt64] {
            let deadlock = try #require(graph.deadlock(of: id(claim), since: Int64(claim)))
            #expect(deadlock.actors == [id(12), id(11)])
            #expect(Set(deadlock.steps.map(\.claim)) == [id(10), id(11), id(12)])
        }
        // Without the reader the wider circle is none, either.
        var rest = graph
        rest.add("r", graph.queues["r"]?.dropLast() ?? [])
        for claim in [10, 11, 14] as [UInt64] { #expect(rest.deadlock(of: id(claim), since: Int64(claim)) == nil) }
    }

    @Test func `circles that stay when the first has ended have victims of their own`() throws {
        // 11 and 12 want what the other's owner has; so do 13 and 11: without 12 that one stays.
        let graph = WaitGraph(queues: [
            "a": [
                try record(1, "a", held: true, waits: [(11, "s")]), try record(12, "a", held: false),
                try record(13, "a", held: false),
            ],
            "s": [
                try record(2, "s", held: true, .shared, waits: [(12, "a")]),
                try record(3, "s", held: true, .shared, waits: [(13, "a")]), try record(11, "s", held: false),
            ],
        ])
        #expect(graph.deadlock(of: id(12), since: 12)?.actors == [id(12), id(11)])
        #expect(graph.deadlock(of: id(13), since: 13)?.actors == [id(13), id(11)])
        #expect(graph.deadlock(of: id(11), since: 11)?.actors == [id(12), id(11)])
    }

    @Test func `behind a waiting writer its readers' waits are followed, too`() throws {
        let graph = try sharing()
        #expect(Set(graph.waits(behind: id(12), on: "r").map(\.claim)) == [id(11), id(14)])
    }
}
