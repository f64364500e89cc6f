import HeapModule

/// What falls due when: a heap whose entries are never searched for.
///
/// The owner of an agenda knows which entries are stale, and drops them when they come up.
package struct Agenda<Item: Sendable>: Sendable {
    package struct Entry: Comparable, Sendable {
        package let at: Duration
        package let item: Item

        package static func < (lhs: Entry, rhs: Entry) -> Bool { lhs.at < rhs.at }
        package static func == (lhs: Entry, rhs: Entry) -> Bool { lhs.at == rhs.at }
    }

    /// Up to this many entries, stale ones are not worth a sweep.
    private static var sweepFloor: Int { 256 }
    private var heap = Heap<Entry>()

    package init() {}

    package var first: Entry? { heap.min }

    package mutating func add(_ item: Item, at: Duration) { heap.insert(Entry(at: at, item: item)) }

    package mutating func removeFirst() { _ = heap.popMin() }

    package mutating func popDue(now: Duration) -> Entry? {
        guard let first = heap.min, first.at <= now else { return nil }
        return heap.popMin()
    }

    /// Drops the stale entries where they far outnumber the live ones: constant cost per entry, amortised.
    package mutating func sweep(liveCount: Int, isLive: (Entry) -> Bool) {
        guard heap.count > Self.sweepFloor, heap.count > 8 * liveCount else { return }
        heap = Heap(heap.unordered.filter(isLive))
    }
}
