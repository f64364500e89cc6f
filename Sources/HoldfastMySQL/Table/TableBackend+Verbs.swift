#if MySQL
import Holdfast
import HoldfastSQL

extension TableBackend {
    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        desk.open(claim.id)
        let rows = try await call("CALL holdfast_place_noted(\(arguments(claim, condition)))")
        guard let row = rows.first, row.count == 3, let outcome = row[0] else { throw Self.unexpected }
        tell(row[2])
        switch outcome {
        case "0":
            desk.close(claim.id)
            return .refused
        case "1": return .waiting()
        case "2":
            guard let token = row[1].flatMap({ Int64($0) }).flatMap({ FencingToken(rawValue: $0) }) else {
                throw Self.unexpected
            }
            return .held(Grant(token: token))
        default:
            desk.close(claim.id)
            let index = (row[1].flatMap { Int($0) } ?? 0) - 1
            guard claim.parts.indices.contains(index) else { throw Self.unexpected }
            let part = claim.parts[index]
            throw LockError(
                .modeConflict,
                "\(part.mode) was asked for where the key is in use otherwise; use one mode family and one limit",
                key: part.key)
        }
    }

    func arguments(_ claim: Claim, _ condition: PlaceCondition) -> String {
        let row = claim.id.row
        let names = claim.parts.map { SQLText.digits((configuration.prefix + $0.key.text).utf8) }
        let modes = claim.parts.map(\.mode.stored).map { "\($0.kind):\($0.permits):\($0.limit)" }
        let owner = claim.owner
        return [
            "\(row.client)", "\(row.number)", "'\(names.joined(separator: ","))'",
            "'\(modes.joined(separator: ","))'", "\(claim.parts.count)", "\(Self.microseconds(claim.timeToLive))",
            condition == .ifFree ? "1" : "0", "\(patience)", SQLText.hexadecimal(owner.host.utf8),
            "\(owner.processID)", SQLText.hexadecimal(owner.program.utf8), SQLText.hexadecimal(owner.label.utf8),
            SQLText.hexadecimal(claim.note.encoded.utf8),
        ].joined(separator: ",")
    }

    func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        guard !ids.isEmpty else { return Extension() }
        let list = Self.list(ids)
        // The clock is read when the row is locked; what lives afterwards has been extended.
        let rows = try await call(
            """
            UPDATE holdfast_claims SET expires_at = GREATEST(expires_at, \
            \(TableLayout.now) + \(Self.microseconds(timeToLive))) \
            WHERE (client, number) IN (\(list)) AND expires_at > \(TableLayout.now); \
            SELECT client, number, asked FROM holdfast_claims \
            WHERE (client, number) IN (\(list)) AND expires_at > \(TableLayout.now)
            """)
        var outcome = Extension(gone: Set(ids))
        for row in rows where row.count == 3 {
            guard let client = row[0].flatMap({ Int64($0) }), let number = row[1].flatMap({ Int64($0) }) else {
                throw Self.unexpected
            }
            let id = Claim.ID(row: client, number)
            outcome.gone.remove(id)
            if row[2] != "0" { outcome.asked.insert(id) }
        }
        for id in outcome.gone { desk.close(id) }
        return outcome
    }

    func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        let rows = try await call("CALL holdfast_remove(\(id.row.client),\(id.row.number),\(patience))")
        guard let row = rows.first, row.count == 2, let found = row[0] else { throw Self.unexpected }
        desk.close(id)
        tell(row[1])
        return found == "1" ? .removed : .absent
    }

    func ask(_ id: Claim.ID) async throws(LockError) -> Removal {
        let rows = try await call(
            """
            UPDATE holdfast_claims SET asked = 1 WHERE \(Self.match(id)) AND expires_at > \(TableLayout.now); \
            SELECT 1 FROM holdfast_claims WHERE \(Self.match(id)) AND expires_at > \(TableLayout.now)
            """)
        return rows.isEmpty ? .absent : .removed
    }

    /// The statement says itself whether it met the row: one that changes nothing in it has met it, too.
    func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        let answer = try await answer(
            """
            UPDATE holdfast_claims SET \
            note = IF(LAST_INSERT_ID(1) = 1, \(SQLText.hexadecimal(note.encoded.utf8)), note) \
            WHERE \(Self.match(id)) AND expires_at > \(TableLayout.now)
            """)
        guard case .done(_, let mark)? = answer.results.first else { throw Self.unexpected }
        return mark == 1 ? .removed : .absent
    }

    static func match(_ id: Claim.ID) -> String { "client = \(id.row.client) AND number = \(id.row.number)" }

    static func list(_ ids: [Claim.ID]) -> String {
        ids.map { "(\($0.row.client),\($0.row.number))" }.joined(separator: ",")
    }

    /// Rounded up, and within what the clock may be moved by.
    static func microseconds(_ life: Duration) -> Int64 { min(life.nanoseconds / 1000 + 1, longestLife) }

    private static let longestLife: Int64 = 10 * 365 * 86_400 * 1_000_000
}
#endif
