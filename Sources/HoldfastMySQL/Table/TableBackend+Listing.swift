#if MySQL
import Holdfast
import HoldfastSQL

extension TableBackend {
    func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        let first = Array((configuration.prefix + prefix).utf8)
        var range = "p.name >= \(SQLText.hexadecimal(first))"
        // No byte of UTF-8 is 0xFF, so the next byte exists.
        if let last = first.last {
            range += " AND p.name < \(SQLText.hexadecimal(first.dropLast() + [last + 1]))"
        }
        let rows = try await call(
            """
            SELECT HEX(p.name), c.client, c.number, p.kind, p.permits, p.permit_limit, HEX(c.host), c.pid, \
            HEX(c.program), HEX(c.label), \(TableLayout.token("c.")), \(TableLayout.now) - c.placed_at, \
            c.expires_at - \(TableLayout.now), c.asked, c.note \
            FROM holdfast_parts p JOIN holdfast_claims c ON c.place = p.place \
            WHERE \(range) AND c.expires_at > \(TableLayout.began) ORDER BY p.name, p.place LIMIT \(max(0, limit))
            """)
        return try rows.map { row throws(LockError) in try record(row) }
    }

    private func record(_ row: [String?]) throws(LockError) -> ClaimRecord {
        func number(_ index: Int) -> Int64? { row[index].flatMap { Int64($0) } }
        func text(_ index: Int) -> String? {
            row[index].flatMap { SQLText.bytes($0) }.flatMap { String(validating: $0, as: UTF8.self) }
        }
        guard row.count == 15, let key = text(0), let client = number(1), let sequence = number(2),
            let kind = number(3), let permits = number(4), let limit = number(5),
            let mode = LockMode(kind: Int(kind), permits: Int(permits), limit: Int(limit)), let host = text(6),
            let pid = number(7), let program = text(8), let label = text(9), let age = number(11),
            let remaining = number(12), let note = row[14]
        else { throw Self.unexpected }
        let own = key.utf8.dropFirst(configuration.prefix.utf8.count)
        return ClaimRecord(
            key: LockKey(unchecked: String(decoding: own, as: UTF8.self)), id: Claim.ID(row: client, sequence),
            mode: mode,
            owner: Owner(host: host, processID: Int32(truncatingIfNeeded: pid), program: program, label: label),
            token: number(10).flatMap { FencingToken(rawValue: $0) }, age: .microseconds(max(0, age)),
            remaining: .microseconds(max(0, remaining)), isAsked: row[13] != "0",
            note: ClaimNote(encoded: note))
    }
}
#endif
