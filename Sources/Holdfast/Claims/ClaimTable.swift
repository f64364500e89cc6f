/// The one rule, as pure code: what every backend does with claims, and the reference that they are tested against.
///
/// A claim is held when no earlier claim on any of its keys blocks it; until then it waits. Held is latched: only
/// removal or expiry ends it. Every verb first removes what has expired at `now`.
///
/// Grants and expiries that a verb causes are collected, and taken with ``takeEffects()``.
public struct ClaimTable: Sendable {
    /// What a verb caused beside its answer.
    public struct Effects: Sendable {
        /// Claims that came to be held while they waited, oldest first.
        public var granted: [(id: Claim.ID, grant: Grant)] = []
        /// Claims that expired.
        public var expired: [Claim.ID] = []
        /// Whether nothing was caused.
        public var isEmpty: Bool { granted.isEmpty && expired.isEmpty }
    }

    /// The most claims in one table.
    public static let claimsLimit = 10_000_000

    struct Entry: Sendable {
        let claim: Claim
        let order: UInt64
        let placedAt: Duration
        var expiresAt: Duration
        var token: FencingToken?
        var isAsked = false
        var note: ClaimNote
        var blockedParts: Int32 = 0
        /// The first part's node, and the others': most claims have one key, and need no array.
        var node = KeyQueue.none
        var moreNodes: [Int32] = []
    }

    var entries: [Claim.ID: Entry] = [:]
    var queues: [LockKey: KeyQueue] = [:]
    var nodes: [KeyQueue.Node] = []
    private var freeNodes: [Int32] = []
    private var expiries = Agenda<Claim.ID>()
    private var effects = Effects()
    private var placed: UInt64 = 0
    private var lastToken: FencingToken

    /// Makes an empty table.
    ///
    /// - Parameter lastToken: every grant's token is greater.
    public init(lastToken: FencingToken) { self.lastToken = lastToken }

    /// How many claims there are, held and waiting.
    public var count: Int { entries.count }

    /// When the next claim expires, if none is extended.
    public mutating func nextExpiry() -> Duration? {
        while let first = expiries.first {
            if let expiresAt = entries[first.item]?.expiresAt {
                if expiresAt == first.at { return expiresAt }
                expiries.add(first.item, at: expiresAt)
            }
            expiries.removeFirst()
        }
        return nil
    }

    /// Takes what the verbs since the last call caused beside their answers.
    public mutating func takeEffects() -> Effects {
        guard !effects.isEmpty else { return Effects() }
        defer { effects = Effects() }
        return effects
    }

    /// Puts a claim at the end of its queues. A claim that is there already answers how it stands, and lives anew.
    ///
    /// - Throws: ``LockError/Code/modeConflict`` where its modes may not meet those on a key; nothing is placed then.
    public mutating func place(
        _ claim: Claim, _ condition: PlaceCondition, now: Duration
    ) throws(LockError) -> Placement {
        expire(now: now)
        if let entry = entries[claim.id] {
            prolong(claim.id, until: now + claim.timeToLive)
            return entry.token.map { .held(Grant(token: $0)) } ?? .waiting()
        }
        try admit(claim)
        if condition == .ifFree, claim.parts.contains(where: { queues[$0.key]?.admits($0.mode) == false }) {
            return .refused
        }
        placed += 1
        var entry = Entry(
            claim: claim, order: placed, placedAt: now, expiresAt: now + claim.timeToLive, note: claim.note)
        for (index, part) in claim.parts.enumerated() {
            let node = append(part, of: claim.id)
            if index == 0 { entry.node = node } else { entry.moreNodes.append(node) }
            if !nodes[Int(node)].isClear { entry.blockedParts += 1 }
        }
        if entry.blockedParts == 0 { entry.token = drawToken() }
        entries[claim.id] = entry
        expiries.add(claim.id, at: entry.expiresAt)
        return entry.token.map { .held(Grant(token: $0)) } ?? .waiting()
    }

    /// Removes a claim, held or waiting.
    public mutating func remove(_ id: Claim.ID, now: Duration) -> Removal {
        expire(now: now)
        return drop(id) ? .removed : .absent
    }

    /// Makes claims live until at least `timeToLive` from now.
    ///
    /// Never shortens a life: requests that overtake one another can then do no harm.
    public mutating func extend(_ ids: [Claim.ID], for timeToLive: Duration, now: Duration) -> Extension {
        expire(now: now)
        var outcome = Extension()
        for id in ids {
            guard let entry = entries[id] else {
                outcome.gone.insert(id)
                continue
            }
            if entry.isAsked { outcome.asked.insert(id) }
            prolong(id, until: now + timeToLive)
        }
        return outcome
    }

    /// Marks a claim so that its next extension says that it was asked for.
    public mutating func ask(_ id: Claim.ID, now: Duration) -> Removal {
        expire(now: now)
        guard entries[id] != nil else { return .absent }
        entries[id]?.isAsked = true
        return .removed
    }

    /// Replaces the note of a claim.
    public mutating func annotate(_ id: Claim.ID, with note: ClaimNote, now: Duration) -> Removal {
        expire(now: now)
        guard entries[id] != nil else { return .absent }
        entries[id]?.note = note
        return .removed
    }

    /// Removes the claims whose life is over at `now`.
    public mutating func expire(now: Duration) {
        while let entry = expiries.popDue(now: now) {
            guard let expiresAt = entries[entry.item]?.expiresAt else { continue }
            if expiresAt <= now {
                effects.expired.append(entry.item)
                drop(entry.item)
            } else {
                expiries.add(entry.item, at: expiresAt)
            }
        }
    }

    /// The grant of a held claim; `nil` while it waits or where it is gone.
    public func grant(of id: Claim.ID) -> Grant? { entries[id]?.token.map { Grant(token: $0) } }

    /// Whether a claim is here, held or waiting.
    public func contains(_ id: Claim.ID) -> Bool { entries[id] != nil }
}

extension ClaimTable {
    private func admit(_ claim: Claim) throws(LockError) {
        for part in claim.parts {
            guard let queue = queues[part.key] else { continue }
            let other = nodes[Int(queue.head)].mode
            guard part.mode.mayMeet(other) else {
                throw LockError(
                    .modeConflict,
                    "\(part.mode) was asked for where the key is in use as \(other); use one mode family and one limit",
                    key: part.key)
            }
        }
        guard entries.count < Self.claimsLimit, lastToken.rawValue < Int64.max - Int64(Self.claimsLimit) else {
            throw LockError(.limitExceeded, "the claim table is full: \(entries.count) claims, last token \(lastToken)")
        }
    }

    /// Never fails: `admit` has left room for every claim's token.
    private mutating func drawToken() -> FencingToken {
        lastToken = FencingToken(rawValue: lastToken.rawValue + 1) ?? lastToken
        return lastToken
    }

    private mutating func append(_ part: Claim.Part, of id: Claim.ID) -> Int32 {
        var queue = queues[part.key] ?? KeyQueue()
        let isClear = queue.admits(part.mode)
        let node = KeyQueue.Node(
            claim: id, mode: part.mode, isClear: isClear, previous: queue.tail, next: KeyQueue.none)
        let index: Int32
        if let free = freeNodes.popLast() {
            index = free
            nodes[Int(index)] = node
        } else {
            index = Int32(nodes.count)
            nodes.append(node)
        }
        if queue.tail == KeyQueue.none { queue.head = index } else { nodes[Int(queue.tail)].next = index }
        queue.tail = index
        if isClear {
            queue.count(part.mode, by: 1)
        } else if queue.firstBlocked == KeyQueue.none {
            queue.firstBlocked = index
        }
        queues[part.key] = queue
        return index
    }

    @discardableResult
    private mutating func drop(_ id: Claim.ID) -> Bool {
        guard let entry = entries.removeValue(forKey: id) else { return false }
        for (index, part) in entry.claim.parts.enumerated() {
            unlink(index == 0 ? entry.node : entry.moreNodes[index - 1], from: part.key)
        }
        expiries.sweep(liveCount: entries.count) { entries[$0.item] != nil }
        return true
    }

    private mutating func unlink(_ index: Int32, from key: LockKey) {
        guard var queue = queues[key] else { return }
        let node = nodes[Int(index)]
        if node.previous == KeyQueue.none { queue.head = node.next } else { nodes[Int(node.previous)].next = node.next }
        if node.next == KeyQueue.none {
            queue.tail = node.previous
        } else {
            nodes[Int(node.next)].previous = node.previous
        }
        freeNodes.append(index)
        if node.isClear { queue.count(node.mode, by: -1) }
        if queue.firstBlocked == index { queue.firstBlocked = node.next }
        if queue.isEmpty {
            queues.removeValue(forKey: key)
        } else {
            clear(&queue)
            queues[key] = queue
        }
    }

    /// Moves the boundary of the clear parts on, as far as the first that would block the next one.
    private mutating func clear(_ queue: inout KeyQueue) {
        while queue.firstBlocked != KeyQueue.none {
            let index = Int(queue.firstBlocked)
            guard queue.hasRoom(for: nodes[index].mode) else { return }
            nodes[index].isClear = true
            queue.count(nodes[index].mode, by: 1)
            queue.firstBlocked = nodes[index].next
            partCleared(of: nodes[index].claim)
        }
    }

    private mutating func partCleared(of id: Claim.ID) {
        guard var entry = entries[id] else { return }
        entry.blockedParts -= 1
        if entry.blockedParts == 0 {
            let token = drawToken()
            entry.token = token
            effects.granted.append((id, Grant(token: token)))
        }
        entries[id] = entry
    }

    private mutating func prolong(_ id: Claim.ID, until: Duration) {
        guard let before = entries[id]?.expiresAt, until > before else { return }
        entries[id]?.expiresAt = until
    }
}
