/// What those who wait long say of one key where claims carry no notes: who holds it and waits for what, and who waits
/// for it. A record in the store. Pure.
///
/// Nobody takes an entry back: who waits changes its entries again and again, and what no longer changes counts for
/// nothing. What was read once, and was changed after all of that reading, stood when it ended: its owner still waited
/// when it changed it.
struct WaitBoard: Codable, Sendable {
    /// The most entries of a key: beyond it the oldest are forgotten.
    static let entriesLimit = 64
    /// What nobody has changed for so long, in microseconds, is forgotten when somebody else writes.
    static let forgottenAfter: Int64 = 60_000_000

    struct Entry: Codable, Sendable {
        /// The claim on this key.
        var claim: Claim.ID
        var isHeld: Bool
        var isShared: Bool
        var owner: Owner
        /// The wait that this is part of: of what holds the key, what its owner waits for; else itself.
        var wait: ClaimNote.Wait
        /// How often it was changed.
        var beat: Int
        /// Microseconds since 1970.
        var writtenAt: Int64

        func isSame(as other: Entry) -> Bool {
            (claim, isHeld, wait) == (other.claim, other.isHeld, other.wait)
        }
    }

    private(set) var entries: [Entry] = []

    mutating func put(_ entry: Entry) {
        entries.removeAll { $0.isSame(as: entry) || $0.writtenAt < entry.writtenAt - Self.forgottenAfter }
        if entries.count >= Self.entriesLimit { entries.removeFirst(entries.count - Self.entriesLimit + 1) }
        entries.append(entry)
    }

    /// Those that stood on the `first` reading already, and were changed since the `second`.
    func alive(_ first: WaitBoard, _ second: WaitBoard) -> [Entry] {
        entries.filter { entry in
            first.entries.contains { $0.isSame(as: entry) }
                && second.entries.contains { $0.isSame(as: entry) && $0.beat != entry.beat }
        }
    }
}

/// Several keys' boards, as they were read one after the other. Pure.
struct WaitBoards {
    var boards: [LockKey: WaitBoard] = [:]

    /// A deadlock that stood when the first of two earlier readings had ended, and so stands.
    func deadlock(of wait: ClaimNote.Wait, _ first: WaitBoards, _ second: WaitBoards) -> Deadlock? {
        var graph = WaitGraph()
        var hasReaders = false
        for (key, board) in boards {
            guard let first = first.boards[key], let second = second.boards[key] else { continue }
            let alive = board.alive(first, second)
            hasReaders = hasReaders || alive.contains(where: \.isShared)
            graph.add(key, Self.queue(of: key, alive))
        }
        guard let found = graph.deadlock(of: wait.claim, since: wait.since) else { return nil }
        // A reader who waits for nothing, or is late in saying so, is on no board.
        return Deadlock(actors: found.actors, isSure: found.isSure && !hasReaders, steps: found.steps)
    }

    /// Who holds the key, and then who waits for it, in the order of their coming.
    private static func queue(of key: LockKey, _ entries: [WaitBoard.Entry]) -> [ClaimRecord] {
        let held = Dictionary(grouping: entries.filter(\.isHeld), by: \.claim)
        let waiting = entries.filter { !$0.isHeld }.sorted { ($0.wait.since, $0.claim) < ($1.wait.since, $1.claim) }
        return held.values.map { record(key, $0[0], waits: $0.map(\.wait)) }
            + waiting.map { record(key, $0, waits: []) }
    }

    private static func record(_ key: LockKey, _ entry: WaitBoard.Entry, waits: [ClaimNote.Wait]) -> ClaimRecord {
        ClaimRecord(
            key: key, id: entry.claim, mode: entry.isShared ? .shared : .exclusive, owner: entry.owner,
            token: entry.isHeld ? FencingToken(rawValue: 1) : nil, age: .zero, remaining: .zero,
            note: ClaimNote.empty.waiting(for: waits))
    }
}
