#if ZooKeeper
/// The watches that one connection has set.
///
/// A watch is entered when its request is sent, not when that is answered: no event can fall between. One that fires
/// too early, for a change before its answer, costs its owner a second look and no more.
struct WatchTable {
    private struct Entry {
        weak var watch: Watch?
        let kind: Request.Interest.Kind

        var isOver: Bool { watch?.isOver ?? true }
    }

    /// Below this, what is over is not looked for.
    static let leastSweep = 1024

    private var entries: [String: [Entry]] = [:]
    private(set) var count = 0
    private var sweepAt = Self.leastSweep

    mutating func add(_ interest: Request.Interest) {
        entries[interest.path, default: []].append(Entry(watch: interest.watch, kind: interest.kind))
        count += 1
        if count >= sweepAt { sweep() }
    }

    /// The server has refused the request: it watches nothing.
    mutating func remove(_ interest: Request.Interest) {
        guard var list = entries[interest.path], let index = list.firstIndex(where: { $0.watch === interest.watch })
        else { return }
        list.remove(at: index)
        count -= 1
        entries[interest.path] = list.isEmpty ? nil : list
    }

    /// Those that an event is for; they see no second one.
    mutating func take(_ event: WatchEvent, _ path: String) -> [Watch] {
        guard let list = entries[path] else { return [] }
        let kinds = Self.kinds(event)
        let rest = list.filter { !kinds.contains($0.kind) }
        entries[path] = rest.isEmpty ? nil : rest
        count -= list.count - rest.count
        return list.compactMap { kinds.contains($0.kind) ? $0.watch : nil }
    }

    mutating func removeAll() -> [Watch] {
        defer {
            entries = [:]
            count = 0
        }
        return entries.values.flatMap { $0.compactMap(\.watch) }
    }

    private mutating func sweep() {
        entries = entries.compactMapValues { list in
            let rest = list.filter { !$0.isOver }
            return rest.isEmpty ? nil : rest
        }
        count = entries.values.reduce(0) { $0 + $1.count }
        sweepAt = max(Self.leastSweep, count * 2)
    }

    private static func kinds(_ event: WatchEvent) -> Set<Request.Interest.Kind> {
        switch event {
        case .created, .changed: [.existence, .data]
        case .deleted: [.existence, .data, .children]
        case .childrenChanged: [.children]
        case .lost, .cancelled: []
        }
    }
}

extension WatchEvent {
    /// As on the wire; `nil` for what no watch of ours is about.
    init?(code: Int32) {
        switch code {
        case 1: self = .created
        case 2: self = .deleted
        case 3: self = .changed
        case 4: self = .childrenChanged
        default: return nil
        }
    }
}
#endif
