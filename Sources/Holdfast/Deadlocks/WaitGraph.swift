/// Who waits for whom, as far as it was read: queues with their claims' notes. Pure.
///
/// A claim that waits is blocked by earlier claims on its keys. An owner that waits says so in the notes of what it
/// holds. A deadlock is a set of waits of which none can end, however everybody else goes on: what is left where all
/// that can go on has gone on (graph reduction; Holt 1972).
package struct WaitGraph: Sendable {
    /// One claim on one key.
    private struct Place: Hashable {
        let claim: Claim.ID
        let key: LockKey
    }

    /// Each key's claims, oldest first.
    package private(set) var queues: [LockKey: [ClaimRecord]] = [:]

    package init() {}

    package init(queues: [LockKey: [ClaimRecord]]) { self.queues = queues }

    package mutating func add(_ key: LockKey, _ queue: [ClaimRecord]) { queues[key] = queue }

    package func adding(_ key: LockKey, _ queue: [ClaimRecord]) -> WaitGraph {
        var graph = self
        graph.add(key, queue)
        return graph
    }

    /// Where to look further, behind a claim on a key that was read: what its blockers' owners wait for, and theirs
    /// where a blocker waits itself: a reader waits behind a writer for readers that do not block it.
    package func waits(behind claim: Claim.ID, on key: LockKey) -> [ClaimNote.Wait] {
        guard let queue = queues[key], let index = queue.firstIndex(where: { $0.id == claim }), !queue[index].isHeld
        else { return [] }
        // Of a path those that wait themselves, and whom they wait for, are among its blockers.
        if case .path = queue[index].mode { return blockers(of: claim, on: key).flatMap(\.waits) }
        var waiting = [queue[index]]
        var waits: [ClaimNote.Wait] = []
        for record in queue[..<index].reversed() where waiting.contains(where: { $0.isKept(by: record) }) {
            waits += record.waits
            if !record.isHeld { waiting.append(record) }
        }
        return waits
    }

    /// The claims before it on one key that keep it waiting; for permits, all before it; for paths, those that exclude
    /// it or each other.
    package func blockers(of claim: Claim.ID, on key: LockKey) -> [ClaimRecord] {
        guard let queue = queues[key], let index = queue.firstIndex(where: { $0.id == claim }), !queue[index].isHeld
        else { return [] }
        let mode = queue[index].mode
        // An upgrade waits for those who were there before what its owner says that it holds meanwhile.
        if let base = queue[..<index].firstIndex(where: { $0.isUpgraded(by: claim) }) { return Array(queue[..<base]) }
        if case .path = mode {
            return LockMode.excluding(queue[...index].map(\.mode)).filter { $0 < index }.map { queue[$0] }
        }
        return queue[..<index].filter(queue[index].isKept)
    }

    /// What stands in both: read one after the other, it stood there together in between.
    package func agreeing(with later: WaitGraph) -> WaitGraph {
        var both = WaitGraph()
        for (key, queue) in queues {
            guard let other = later.queues[key] else { continue }
            both.queues[key] = queue.compactMap { record in
                guard let again = other.first(where: { $0.id == record.id }), again.isHeld == record.isHeld else {
                    return nil
                }
                var record = record
                record.note = record.note.waiting(for: record.note.waits.filter(again.note.waits.contains))
                return record
            }
        }
        return both
    }

    // MARK: Circles

    /// Waits that can never end, of which `claim` is one.
    ///
    /// Circles are taken in the order in which they came into being, each without those who gave way before: whose
    /// wait closed one gives way. So all who look agree, whoever looks first, and nobody gives way to a circle that
    /// another one's going ends.
    ///
    /// - Parameter since: when `claim` was placed; the others' notes say it of themselves.
    /// - Returns: `nil` where it goes on by itself, or when those have given way who must.
    package func deadlock(of claim: Claim.ID, since: Int64) -> Deadlock? {
        let stuck = stuckWaits(among: Set(queues.values.joined().lazy.filter { !$0.isHeld }.map(\.id)))
        guard stuck.contains(claim) else { return nil }
        let ahead = reachable(from: claim, by: next(among: stuck))
        guard ahead.contains(claim) else { return nil }
        var placed: [Claim.ID: Int64] = [claim: since]
        for record in queues.values.joined() { for wait in record.note.waits { placed[wait.claim] = wait.since } }
        // Of whom it is not known is waited for only by claims behind it in its queue: it never closes a circle.
        var order = ahead.sorted { (placed[$0] ?? .min, $0) < (placed[$1] ?? .min, $1) }
        while let closing = firstStuck(order) {
            let members = stuckWaits(among: Set(order[...closing]))
            let next = next(among: members)
            let circle = reachable(from: order[closing], by: next)
            guard circle.contains(claim) else {
                order.remove(at: closing)
                continue
            }
            // Who says nothing of itself looks after nothing either.
            let actors = order[...closing].reversed().filter { circle.contains($0) && placed[$0] != nil }
            let steps = path(around: claim, by: next, within: circle).map { step($0, members) }
            return Deadlock(actors: actors, isSure: saysAll(before: circle), steps: steps)
        }
        return nil
    }

    /// The first of these waits that leaves some without end, together with those before it.
    private func firstStuck(_ order: [Claim.ID]) -> Int? {
        guard !stuckWaits(among: Set(order)).isEmpty else { return nil }
        // More waits never free one.
        var (free, stuck) = (0, order.count)
        while stuck - free > 1 {
            let middle = (free + stuck) / 2
            if stuckWaits(among: Set(order[..<middle])).isEmpty { free = middle } else { stuck = middle }
        }
        return stuck - 1
    }

    // MARK: Reduction

    /// Those of these waiting claims that wait for ever unless one of them gives up, however all others go on.
    private func stuckWaits(among claims: Set<Claim.ID>) -> Set<Claim.ID> {
        var waiting = claims
        while true {
            let before = waiting.count
            for claim in waiting where canGoOn(claim, while: waiting) { waiting.remove(claim) }
            guard waiting.count < before else { return waiting }
        }
    }

    private func canGoOn(_ claim: Claim.ID, while waiting: Set<Claim.ID>) -> Bool {
        queues.keys.allSatisfy { key in
            let staying = blockers(of: claim, on: key).filter { stays($0, while: waiting) }
            guard let own = queues[key]?.first(where: { $0.id == claim }) else { return staying.isEmpty }
            if case .path = own.mode { return LockMode.excluding((staying + [own]).map(\.mode)).isEmpty }
            guard case .permits(let count, let limit) = own.mode else { return staying.isEmpty }
            let taken = staying.reduce(0) { sum, record in
                if case .permits(let theirs, _) = record.mode { sum + theirs } else { sum + limit }
            }
            return taken + count <= limit
        }
    }

    /// Whether a blocker stays for as long as those that wait do.
    private func stays(_ record: ClaimRecord, while waiting: Set<Claim.ID>) -> Bool {
        guard record.isHeld else { return waiting.contains(record.id) }
        return record.waits.contains { waiting.contains($0.claim) }
    }

    private func next(among stuck: Set<Claim.ID>) -> [Claim.ID: [Claim.ID]] {
        stuck.reduce(into: [:]) { $0[$1] = successors(of: $1, among: stuck) }
    }

    private func successors(of claim: Claim.ID, among stuck: Set<Claim.ID>) -> [Claim.ID] {
        let behind = queues.keys.sorted().flatMap { blockers(of: claim, on: $0) }
        let next = behind.flatMap { $0.isHeld ? $0.waits.map(\.claim) : [$0.id] }
        return Set(next.filter(stuck.contains)).sorted()
    }

    /// Whether nobody holds what these wait for, or those whom they wait for, and says nothing.
    private func saysAll(before claims: Set<Claim.ID>) -> Bool {
        var (seen, open) = (claims, Array(claims))
        while let claim = open.popLast() {
            for blocker in queues.keys.flatMap({ blockers(of: claim, on: $0) }) {
                // What it waited for before says nothing of what it waits for now.
                let present = blocker.waits.filter { wait in
                    queues[wait.key]?.contains { $0.id == wait.claim } ?? true
                }
                let next = blocker.isHeld ? present.map(\.claim) : [blocker.id]
                guard !next.isEmpty else { return false }
                open += next.filter { seen.insert($0).inserted }
            }
        }
        return true
    }

    private func reachable(from start: Claim.ID, by next: [Claim.ID: [Claim.ID]]) -> Set<Claim.ID> {
        var seen: Set<Claim.ID> = []
        var open = next[start] ?? []
        while let claim = open.popLast() {
            if seen.insert(claim).inserted { open += next[claim] ?? [] }
        }
        return seen
    }

    /// A shortest way from a claim back to itself.
    private func path(
        around start: Claim.ID, by next: [Claim.ID: [Claim.ID]], within circle: Set<Claim.ID>
    ) -> [Claim.ID] {
        var before: [Claim.ID: Claim.ID] = [:]
        var open = [start][...]
        while let claim = open.popFirst() {
            for following in next[claim] ?? [] where circle.contains(following) {
                if following == start {
                    var way = [claim]
                    while let last = way.last, last != start, let previous = before[last] { way.append(previous) }
                    return way.reversed()
                }
                guard before[following] == nil else { continue }
                before[following] = claim
                open.append(following)
            }
        }
        return [start]
    }

    private func step(_ claim: Claim.ID, _ stuck: Set<Claim.ID>) -> Deadlock.Step {
        let keys = queues.keys.sorted().filter { key in
            blockers(of: claim, on: key).contains { stays($0, while: stuck) }
        }
        let record = keys.first.flatMap { key in queues[key]?.first { $0.id == claim } }
        let holds = queues.values.joined().filter { $0.isHeld && $0.waits.contains { $0.claim == claim } }
        return Deadlock.Step(
            claim: claim, owner: record?.owner.description ?? "somebody", waitsFor: keys,
            holds: Set(holds.map(\.key)).sorted())
    }
}

extension ClaimRecord {
    /// Whether an earlier claim on its key keeps it waiting; for permits, each one does its part.
    fileprivate func isKept(by earlier: ClaimRecord) -> Bool {
        if case .permits = mode { true } else { mode.isBlocked(by: earlier.mode) }
    }

    /// Whether another claim on its key is there to make this one exclusive. A note has room for few of the keys.
    fileprivate func isUpgraded(by marker: Claim.ID) -> Bool {
        isHeld && mode == .path(.upgradeable) && waits.contains { $0.claim == marker }
    }

    /// What the owner waits for while it holds this; where this waits itself, on which other keys.
    package var waits: [ClaimNote.Wait] { note.waits.filter { isHeld != ($0.claim == id) } }
}
