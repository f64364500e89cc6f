#if SQLite
import Holdfast
import HoldfastSQL

extension ClaimStore {
    /// Removes a claim for a caller; its owner is woken where that is another process.
    func remove(_ id: Claim.ID) throws -> Removal {
        guard let owner = try drop(id) else { return .absent }
        wake(owner, .look)
        return .removed
    }

    /// Removes a claim and hands its keys on, as far as the first claim that would block the next one.
    ///
    /// - Returns: the process that it was of; `nil` where there is none.
    @discardableResult
    func drop(_ id: Claim.ID) throws -> Int64? {
        sql.readClaim.bind(1, id: id)
        guard try sql.readClaim.step() else {
            sql.readClaim.reset()
            return nil
        }
        let place = sql.readClaim.integer(1)
        let owner = sql.readClaim.integer(2)
        let packed = sql.readClaim.bytes(3)
        sql.readClaim.reset()
        sql.deleteClaim.bind(1, id: id)
        try sql.deleteClaim.run()
        if owner == process { gone.append(id) }
        var dead: Set<Int64> = []
        for part in try StoredParts.unpack(packed) {
            let wasClear = try deletePart(part.key, at: place)
            guard var queue = try queue(part, from: place, wasClear: wasClear) else { continue }
            try clear(&queue, part.key, &dead)
            if queue.isKept { try write(queue, part.key) }
        }
        for process in dead { _ = try removeClaims(of: process, heldToo: isDead(process)) }
        return owner
    }

    /// The queue that a part has left, as it stands before the first part that may be cleared by that.
    ///
    /// - Returns: `nil` where nothing can be.
    private func queue(_ part: Claim.Part, from place: Int64, wasClear: Bool) throws -> StoredQueue? {
        if part.mode.isSummed {
            guard var queue = try storedQueue(part.key) else { return nil }
            queue.drop(part.mode, wasClear: wasClear)
            return queue
        }
        if wasClear {
            // While another reader is clear, the first that waits is a writer.
            guard let first = try neighbour(sql.firstPart, part.key), !first.isClear else { return nil }
            return StoredQueue(behind: nil)
        }
        // Only the first that waited kept others waiting.
        guard let before = try neighbour(sql.lastPart, part.key, before: place), before.isClear else { return nil }
        return StoredQueue(behind: before)
    }

    private func isDead(_ process: Int64) -> Bool {
        if case .dead = life(of: process) { true } else { false }
    }

    private func deletePart(_ key: LockKey, at place: Int64) throws -> Bool {
        sql.deletePart.bind(1, key: key)
        sql.deletePart.bind(2, place)
        defer { sql.deletePart.reset() }
        var wasClear = false
        while try sql.deletePart.step() { wasClear = sql.deletePart.integer(0) != 0 }
        return wasClear
    }

    /// Moves the boundary of the clear parts on; notes processes that are gone, to be passed over.
    private func clear(_ queue: inout StoredQueue, _ key: LockKey, _ dead: inout Set<Int64>) throws {
        while queue.blocked > 0 || !queue.isKept {
            sql.firstBlockedPart.bind(1, key: key)
            sql.firstBlockedPart.bind(2, queue.boundary)
            guard try sql.firstBlockedPart.step() else { return sql.firstBlockedPart.reset() }
            let place = sql.firstBlockedPart.integer(0)
            let id = sql.firstBlockedPart.id(1)
            let mode = LockMode(
                kind: Int(sql.firstBlockedPart.integer(3)), permits: Int(sql.firstBlockedPart.integer(4)),
                limit: queue.permitLimit)
            sql.firstBlockedPart.reset()
            guard let mode, queue.hasRoom(for: mode) else { return }
            queue.clear(mode, at: place)
            sql.clearPart.bind(1, key: key)
            sql.clearPart.bind(2, place)
            try sql.clearPart.run()
            try partCleared(of: id, &dead)
        }
    }

    private func partCleared(of id: Claim.ID, _ dead: inout Set<Int64>) throws {
        sql.unblockClaim.bind(1, id: id)
        guard try sql.unblockClaim.step() else {
            sql.unblockClaim.reset()
            throw LockError(.storeUnusable, "the store is damaged: a part stands in a queue without its claim")
        }
        let blocked = sql.unblockClaim.integer(0)
        let owner = sql.unblockClaim.integer(1)
        sql.unblockClaim.reset()
        guard blocked == 0 else { return }
        switch life(of: owner) {
        case .lives, .unknown: break
        case .dead, .orphaned:
            dead.insert(owner)
            return
        }
        let token = try drawToken()
        sql.grantClaim.bind(1, id: id)
        sql.grantClaim.bind(3, token.rawValue)
        try sql.grantClaim.run()
        if owner == process { granted.append((id, Grant(token: token))) } else { wake(owner, .granted) }
    }

    /// - Returns: whether there were any.
    func removeClaims(of process: Int64, heldToo: Bool) throws -> Bool {
        sql.claimsOfProcess.bind(1, process)
        var ids: [Claim.ID] = []
        while try sql.claimsOfProcess.step() {
            if heldToo || sql.claimsOfProcess.isNull(2) { ids.append(sql.claimsOfProcess.id(0)) }
        }
        sql.claimsOfProcess.reset()
        for id in ids { try drop(id) }
        if heldToo { directory.forget(process) }
        return !ids.isEmpty
    }
}
#endif
