import Holdfast

/// What one listing of a store shows.
enum Listing {
    static let recordsLimit = 100_000

    private static let header = ["KEY", "STATE", "MODE", "OWNER", "AGE", "TOKEN", "TIME LEFT"]

    static func table(_ records: [ClaimRecord]) -> TextTable {
        // Most claims have none.
        let hasNotes = records.contains { !$0.note.text.isEmpty }
        var table = TextTable(header + (hasNotes ? ["NOTE"] : []))
        for record in records {
            let cells = [
                record.key.text, record.state + (record.isAsked ? ", asked" : ""), "\(record.mode)",
                "\(record.owner)", DurationText.brief(record.age), record.token.map { "\($0)" } ?? "-",
                timeLeft(record),
            ]
            table.add(cells + (hasNotes ? [record.note.text] : []))
        }
        return table
    }

    static func timeLeft(_ record: ClaimRecord) -> String {
        record.remaining > .zero ? DurationText.brief(record.remaining) : "-"
    }
}

extension LockClient {
    /// The claims on one key, in queue order.
    func claims(on key: LockKey) async throws(LockError) -> [ClaimRecord] {
        // Names that continue this one come after it.
        try await claims(withPrefix: key.text, limit: Listing.recordsLimit).filter { $0.key == key }
    }
}
