import Holdfast

/// What changes from one listing to the next. Of what comes and goes between two of them nothing is seen.
struct WatchDiff {
    enum Event: String {
        case waiting, held, asked, gone
    }

    /// One key of one claim.
    private struct Place: Hashable {
        let id: Claim.ID
        let key: LockKey
    }

    private var known: [ClaimRecord] = []

    mutating func update(_ records: [ClaimRecord]) -> [(event: Event, record: ClaimRecord)] {
        let before = Dictionary(known.map { (Self.place($0), $0) }, uniquingKeysWith: { first, _ in first })
        let now = Set(records.map(Self.place))
        var changes = known.filter { !now.contains(Self.place($0)) }.map { (event: Event.gone, record: $0) }
        for record in records {
            let old = before[Self.place(record)]
            if old?.isHeld != record.isHeld { changes.append((record.isHeld ? .held : .waiting, record)) }
            if let old, !old.isAsked, record.isAsked { changes.append((.asked, record)) }
        }
        known = records
        return changes
    }

    private static func place(_ record: ClaimRecord) -> Place { Place(id: record.id, key: record.key) }
}
