import Holdfast

/// Notes and records, and how the mutants break them.
extension MutantBackend: RecordStore {
    struct StoredRecord {
        let record: Record
        let writtenAt: Duration
        let life: Duration?
    }

    func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        step { state, _ in
            guard let index = state.index(of: id) else { return .absent }
            if mutant != .noteIsForgotten { state.entries[index].note = note }
            return .removed
        }
    }

    var records: (any RecordStore)? { self }

    func read(_ key: LockKey) async throws(LockError) -> Record? {
        step { state, now in live(key, state, now: now)?.record }
    }

    func write(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version?, timeToLive: Duration?
    ) async throws(LockError) -> RecordWrite {
        step { state, now in
            let old = live(key, state, now: now)
            guard old?.record.version == expected || mutant == .writeIgnoresItsVersion else { return .conflict }
            // Counted for each key apart: the counters must outlive the records.
            let number = state.written[key, default: 0] + 1
            state.written[key] = number
            let version = Record.Version("version \(number)")
            state.records[key] =
                if mutant == .lifeOutlivesARewrite, timeToLive == nil, let old, let life = old.life {
                    StoredRecord(
                        record: Record(value: value, version: version), writtenAt: old.writtenAt, life: life)
                } else {
                    StoredRecord(record: Record(value: value, version: version), writtenAt: now, life: timeToLive)
                }
            return .written(version)
        }
    }

    func delete(_ key: LockKey, expecting expected: Record.Version) async throws(LockError) -> Bool {
        step { state, now in
            guard let old = live(key, state, now: now) else { return false }
            guard old.record.version == expected || mutant == .deletionIgnoresItsVersion else { return false }
            state.records[key] = nil
            if mutant == .versionComesAgainAfterDeletion { state.written[key] = nil }
            return true
        }
    }

    private func live(_ key: LockKey, _ state: State, now: Duration) -> StoredRecord? {
        guard let stored = state.records[key] else { return nil }
        guard let life = stored.life, mutant != .recordNeverEnds else { return stored }
        let end = stored.writtenAt + (mutant == .recordEndsAtHalf ? life / 2 : life)
        return now < end ? stored : nil
    }
}
