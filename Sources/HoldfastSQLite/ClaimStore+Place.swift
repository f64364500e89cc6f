#if SQLite
import Holdfast
import HoldfastSQL

extension ClaimStore {
    func place(_ claim: Claim, _ condition: PlaceCondition) throws -> Placement {
        let expiresAt = expiry(after: claim.timeToLive)
        if let placement = try replace(claim.id, until: expiresAt) { return placement }
        let parts =
            prefix.isEmpty
            ? claim.parts : claim.parts.map { .init(LockKey(unchecked: prefix + $0.key.text), $0.mode) }
        var queues = try parts.map { try queue($0.key) }
        if zip(parts, queues).contains(where: { part, queue in queue.map { !$0.welcomes(part) } ?? false }) {
            // Whoever is in the way may be gone.
            if try removeTheDead(on: parts) { queues = try parts.map { try queue($0.key) } }
        }
        for (part, queue) in zip(parts, queues) { try queue?.check(part) }
        let clear = zip(parts, queues).map { part, queue in queue?.admits(part.mode) ?? true }
        if condition == .ifFree, clear.contains(false) { return .refused }
        let place = nextPlace()
        for (index, part) in parts.enumerated() {
            var queue = queues[index] ?? StoredQueue(for: part.mode)
            queue.add(part.mode, at: place, isClear: clear[index])
            if queue.isKept { try write(queue, part.key) }
            try insert(part, of: claim.id, at: place, isClear: clear[index])
        }
        let blocked = clear.count { !$0 }
        let token = blocked == 0 ? try drawToken() : nil
        try insert(claim, parts, at: place, expiresAt: expiresAt, token: token, blocked: blocked)
        noteExpiry(expiresAt)
        return token.map { .held(Grant(token: $0)) } ?? .waiting()
    }

    /// Clamped, whatever a caller asks for.
    func expiry(after timeToLive: Duration) -> Int64 {
        let (sum, overflow) = now.addingReportingOverflow(timeToLive.nanoseconds)
        return overflow ? .max : sum
    }

    /// A claim that is there already lives anew.
    private func replace(_ id: Claim.ID, until: Int64) throws -> Placement? {
        guard let (grant, _) = try state(of: id) else { return nil }
        _ = try extend(id, until: until)
        return grant.map { .held($0) } ?? .waiting()
    }

    private func insert(_ part: Claim.Part, of id: Claim.ID, at place: Int64, isClear: Bool) throws {
        let (kind, permits, _) = part.mode.stored
        sql.insertPart.bind(1, key: part.key)
        sql.insertPart.bind(2, place)
        sql.insertPart.bind(3, id: id)
        sql.insertPart.bind(5, kind)
        sql.insertPart.bind(6, permits)
        sql.insertPart.bind(7, isClear ? 1 : 0)
        try sql.insertPart.run()
    }

    private func insert(
        _ claim: Claim, _ parts: [Claim.Part], at place: Int64, expiresAt: Int64, token: FencingToken?, blocked: Int
    ) throws {
        let insert = sql.insertClaim
        insert.bind(1, id: claim.id)
        insert.bind(3, place)
        insert.bind(4, process)
        insert.bind(5, text: claim.owner.host)
        insert.bind(6, Int64(claim.owner.processID))
        insert.bind(7, text: claim.owner.program)
        insert.bind(8, text: claim.owner.label)
        insert.bind(9, now)
        insert.bind(10, expiresAt)
        if let token { insert.bind(11, token.rawValue) } else { insert.bindNull(11) }
        insert.bind(12, blocked)
        insert.bind(13, bytes: StoredParts.pack(parts))
        insert.bind(14, note: claim.note)
        try insert.run()
    }

    /// The queue of a key as it stands at its end; `nil` where nobody claims the key.
    private func queue(_ key: LockKey) throws -> StoredQueue? {
        guard let last = try neighbour(sql.lastPart, key, before: .max) else { return nil }
        return last.isSummed ? try storedQueue(key) : StoredQueue(behind: last)
    }

    func neighbour(_ statement: Statement, _ key: LockKey, before place: Int64? = nil) throws -> StoredNeighbour? {
        statement.bind(1, key: key)
        if let place { statement.bind(2, place) }
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return StoredNeighbour(
            place: statement.integer(0), kind: Int(statement.integer(1)), isClear: statement.integer(2) != 0)
    }

    func storedQueue(_ key: LockKey) throws -> StoredQueue? {
        let read = sql.readQueue
        read.bind(1, key: key)
        defer { read.reset() }
        guard try read.step() else { return nil }
        return StoredQueue(
            permitLimit: Int(read.integer(0)), clearCount: Int(read.integer(1)), clearPermits: Int(read.integer(2)),
            hasClearWriter: read.integer(3) != 0, blocked: Int(read.integer(4)), boundary: read.integer(5))
    }

    func write(_ queue: StoredQueue, _ key: LockKey) throws {
        guard !queue.isEmpty else {
            sql.deleteQueue.bind(1, key: key)
            return try sql.deleteQueue.run()
        }
        let write = sql.writeQueue
        write.bind(1, key: key)
        write.bind(2, queue.permitLimit)
        write.bind(3, queue.clearCount)
        write.bind(4, queue.clearPermits)
        write.bind(5, queue.hasClearWriter ? 1 : 0)
        write.bind(6, queue.blocked)
        write.bind(7, queue.boundary)
        try write.run()
    }

    /// The other processes whose claims stand first on a key, before a place, and whether they wait there.
    func processesFirst(on key: LockKey, before place: Int64 = .max) throws -> [(process: Int64, waits: Bool)] {
        sql.firstProcesses.bind(1, key: key)
        sql.firstProcesses.bind(2, Self.processesLookedAt)
        sql.firstProcesses.bind(3, place)
        defer { sql.firstProcesses.reset() }
        var processes: [(process: Int64, waits: Bool)] = []
        while try sql.firstProcesses.step() {
            processes.append((sql.firstProcesses.integer(0), sql.firstProcesses.integer(1) == 0))
        }
        return processes.filter { $0.process != process }
    }

    /// - Returns: whether anything was removed.
    private func removeTheDead(on parts: [Claim.Part]) throws -> Bool {
        var isChanged = false
        for part in parts {
            for (process, _) in try processesFirst(on: part.key) {
                switch life(of: process) {
                case .lives, .unknown: continue
                case .orphaned: isChanged = try removeClaims(of: process, heldToo: false) || isChanged
                case .dead: isChanged = try removeClaims(of: process, heldToo: true) || isChanged
                }
            }
        }
        return isChanged
    }
}
#endif
