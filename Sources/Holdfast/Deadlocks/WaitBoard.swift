/// What those who wait long say of one key that they hold, where claims carry no notes: who holds it, and what for they
/// wait. A record in the store. Pure.
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
        /// The claim that holds the key.
        var claim: Claim.ID
        var isShared: Bool
        var owner: Owner
        /// What its owner waits for.
        var wait: ClaimNote.Wait
        /// How often it was changed.
        var beat: Int
        /// Microseconds since 1970.
        var writtenAt: Int64

        func isSame(as other: Entry) -> Bool { (claim, wait) == (other.claim, other.wait) }
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
                && second.entries.contains { $0.isSame(as: entry) && $0.beat < entry.beat }
        }
    }

    /// Those that were not changed since an earlier reading are left out.
    func changed(since earlier: WaitBoard) -> [Entry] {
        entries.filter { entry in !earlier.entries.contains { $0.isSame(as: entry) && $0.beat == entry.beat } }
    }
}

/// Several keys' boards, as they were read one after the other. Pure.
struct WaitBoards {
    var boards: [LockKey: WaitBoard] = [:]

    /// A deadlock that stood when the first of two earlier readings had ended, and so stands.
    func deadlock(of wait: ClaimNote.Wait, _ first: WaitBoards, _ second: WaitBoards) -> Deadlock? {
        var alive: [LockKey: [WaitBoard.Entry]] = [:]
        for (key, board) in boards {
            guard let first = first.boards[key], let second = second.boards[key] else { continue }
            alive[key] = board.alive(first, second)
        }
        let waits = Dictionary(grouping: alive.values.joined(), by: \.wait.key)
        var graph = WaitGraph()
        for (key, entries) in alive { graph.add(key, Self.queue(of: key, entries, waits[key] ?? [])) }
        guard let found = graph.deadlock(of: wait.claim, since: wait.since) else { return nil }
        // Who holds something, and waits for nothing or is late in saying so, is on no board.
        let saysAll = alive.values.joined().allSatisfy { !$0.isShared && alive[$0.wait.key]?.isEmpty == false }
        return Deadlock(actors: found.actors, isSure: found.isSure && saysAll, steps: found.steps)
    }

    /// Who holds the key, and then who waits for it, in the order of their coming.
    private static func queue(
        of key: LockKey, _ holding: [WaitBoard.Entry], _ waiting: [WaitBoard.Entry]
    ) -> [ClaimRecord] {
        let held = Dictionary(grouping: holding, by: \.claim).values.map { entries in
            let mode: LockMode = entries[0].isShared ? .shared : .exclusive
            return record(key, entries[0].claim, mode, entries[0].owner, entries.map(\.wait))
        }
        let waits = Dictionary(grouping: waiting, by: \.wait.claim).values.map { $0[0] }.sorted {
            ($0.wait.since, $0.wait.claim) < ($1.wait.since, $1.wait.claim)
        }
        // A reader who waits where readers hold is behind a writer who waits for them: it waits for them, too.
        return held + waits.map { record(key, $0.wait.claim, .exclusive, $0.owner, nil) }
    }

    /// - Parameter waits: of what is held.
    private static func record(
        _ key: LockKey, _ claim: Claim.ID, _ mode: LockMode, _ owner: Owner, _ waits: [ClaimNote.Wait]?
    ) -> ClaimRecord {
        ClaimRecord(
            key: key, id: claim, mode: mode, owner: owner, token: waits == nil ? nil : FencingToken(rawValue: 1),
            age: .zero, remaining: .zero, note: ClaimNote.empty.waiting(for: waits ?? []))
    }
}
