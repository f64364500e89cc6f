#if SQLite
import Holdfast
import HoldfastSQL

extension ClaimStore {
    /// - Returns: whether the claim was asked for; `nil` where it is gone.
    func extend(_ id: Claim.ID, until: Int64) throws -> Bool? {
        sql.extendClaim.bind(1, id: id)
        sql.extendClaim.bind(3, until)
        defer { sql.extendClaim.reset() }
        var asked: Bool?
        while try sql.extendClaim.step() { asked = sql.extendClaim.integer(0) != 0 }
        return asked
    }

    func extend(_ ids: [Claim.ID], for timeToLive: Duration) throws -> Extension {
        var outcome = Extension()
        for id in ids {
            switch try extend(id, until: expiry(after: timeToLive)) {
            case nil: outcome.gone.insert(id)
            case true?: outcome.asked.insert(id)
            case false?: continue
            }
        }
        return outcome
    }

    func ask(_ id: Claim.ID) throws -> Removal {
        sql.askClaim.bind(1, id: id)
        defer { sql.askClaim.reset() }
        var asked: Int64?
        while try sql.askClaim.step() {
            asked = sql.askClaim.integer(0)
        }
        guard let asked else { return .absent }
        // Also where it is this process: its client learns it as others do.
        woken[asked] = .look
        return .removed
    }

    func annotate(_ id: Claim.ID, with note: ClaimNote) throws -> Removal {
        sql.annotateClaim.bind(1, id: id)
        sql.annotateClaim.bind(3, note: note)
        defer { sql.annotateClaim.reset() }
        var removal = Removal.absent
        while try sql.annotateClaim.step() { removal = .removed }
        return removal
    }

    /// How a claim stands; `nil` where it is gone.
    func state(of id: Claim.ID) throws -> (grant: Grant?, isAsked: Bool)? {
        sql.readState.bind(1, id: id)
        defer { sql.readState.reset() }
        guard try sql.readState.step() else { return nil }
        let grant = sql.readState.isNull(0) ? nil : sql.readState.token(0).map { Grant(token: $0) }
        return (grant, sql.readState.integer(1) != 0)
    }

    /// Removes what the dead have left, for a listing and for processes that wait behind them.
    func removeTheDead(among processes: [Int64]) throws {
        for process in processes where process != self.process {
            switch life(of: process) {
            case .lives, .unknown: continue
            case .orphaned: _ = try removeClaims(of: process, heldToo: false)
            case .dead: _ = try removeClaims(of: process, heldToo: true)
            }
        }
    }

    /// A claim's place in the order, and its keys as they stand in the store; `nil` where it is gone.
    func position(of id: Claim.ID) throws -> (place: Int64, keys: [LockKey])? {
        sql.readClaim.bind(1, id: id)
        defer { sql.readClaim.reset() }
        guard try sql.readClaim.step() else { return nil }
        return (sql.readClaim.integer(1), try StoredParts.unpack(sql.readClaim.bytes(3)).map(\.key))
    }

    /// Every process that has claims, up to a bound.
    func processes() throws -> [Int64] {
        sql.processes.bind(1, Self.processesListed)
        defer { sql.processes.reset() }
        var processes: [Int64] = []
        while try sql.processes.step() { processes.append(sql.processes.integer(0)) }
        return processes
    }

    /// Rises when another process has committed.
    func dataVersion() throws -> Int64 {
        defer { sql.dataVersion.reset() }
        return try sql.dataVersion.step() ? sql.dataVersion.integer(0) : 0
    }

    func list(prefix wanted: String, limit: Int) throws -> [ClaimRecord] {
        let start = Array((prefix + wanted).utf8)
        sql.list.bind(1, bytes: start)
        if let last = start.last {
            // No byte of UTF-8 is 0xFF, so the next byte exists.
            sql.list.bind(2, bytes: start.dropLast() + [last + 1])
        } else {
            sql.list.bindNull(2)
        }
        sql.list.bind(3, max(0, limit))
        defer { sql.list.reset() }
        var records: [ClaimRecord] = []
        while try sql.list.step() { if let record = record(sql.list) { records.append(record) } }
        return records
    }

    private func record(_ row: Statement) -> ClaimRecord? {
        guard
            let mode = LockMode(
                kind: Int(row.integer(1)), permits: Int(row.integer(2)), limit: Int(row.integer(3)))
        else { return nil }
        let owner = Owner(
            host: row.text(6), processID: Int32(truncatingIfNeeded: row.integer(7)), program: row.text(8),
            label: row.text(9))
        return ClaimRecord(
            key: LockKey(unchecked: String(decoding: row.bytes(0).dropFirst(prefix.utf8.count), as: UTF8.self)),
            id: row.id(4), mode: mode, owner: owner, token: row.isNull(12) ? nil : row.token(12),
            age: .nanoseconds(max(0, now - row.integer(10))),
            remaining: .nanoseconds(max(0, row.integer(11) - now)), isAsked: row.integer(13) != 0,
            note: row.isNull(14) ? .empty : ClaimNote(encoded: row.text(14)))
    }
}
#endif
