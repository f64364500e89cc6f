/// What those who wait long say of one key that they hold, where claims carry no notes: who holds it, and what for they
/// wait. Beside readers it says who waits for the key, too. A record in the store. Pure.
///
/// Nobody takes an entry back: who waits changes its entries again and again, and what no longer changes counts for
/// nothing. What was read once, and was changed after all of that reading, stood when it ended: its owner still waited
/// when it changed it.
struct WaitBoard: Codable, Sendable {
    /// The most entries of a key: beyond it the oldest are forgotten.
    static let entriesLimit = 32
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
        var waitsShared: Bool
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
        var alive: [LockKey: [WaitBoard.Entry]] = [:]
        for (key, board) in boards {
            guard let first = first.boards[key], let second = second.boards[key] else { continue }
            alive[key] = board.alive(first, second)
        }
        let waits = Dictionary(grouping: alive.values.joined(), by: \.wait.key)
        for (key, entries) in alive { graph.add(key, Self.queue(of: key, entries, waits[key] ?? [])) }
        let hasReaders = alive.values.joined().contains(where: \.isShared)
        guard let found = graph.deadlock(of: wait.claim, since: wait.since) else { return nil }
        // A reader who waits for nothing, or is late in saying so, is on no board.
        return Deadlock(actors: found.actors, isSure: found.isSure && !hasReaders, steps: found.steps)
    }

    /// Who holds the key, by its board, and then who waits for it, by any, in the order of their coming.
    private static func queue(
        of key: LockKey, _ entries: [WaitBoard.Entry], _ waits: [WaitBoard.Entry]
    ) -> [ClaimRecord] {
        let held = Dictionary(grouping: entries.filter(\.isHeld), by: \.claim).values.map { entries in
            record(key, entries[0].claim, entries[0].isShared, entries[0].owner, entries.map(\.wait))
        }
        let waiting = Dictionary(grouping: waits, by: \.wait.claim).values.map { $0[0] }.sorted {
            ($0.wait.since, $0.wait.claim) < ($1.wait.since, $1.wait.claim)
        }
        return held + waiting.map { record(key, $0.wait.claim, $0.waitsShared, $0.owner, nil) }
    }

    /// - Parameter waits: of what is held.
    private static func record(
        _ key: LockKey, _ claim: Claim.ID, _ isShared: Bool, _ owner: Owner, _ waits: [ClaimNote.Wait]?
    ) -> ClaimRecord {
        ClaimRecord(
            key: key, id: claim, mode: isShared ? .shared : .exclusive, owner: owner,
            token: waits == nil ? nil : FencingToken(rawValue: 1), age: .zero, remaining: .zero,
            note: ClaimNote.empty.waiting(for: waits ?? []))
    }
}
