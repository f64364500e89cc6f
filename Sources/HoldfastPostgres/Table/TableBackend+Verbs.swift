#if Postgres
import Holdfast
import HoldfastSQL

extension TableBackend {
    func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        roster.placing(claim.id)
        let rows = try await placed(claim, condition)
        guard let row = rows.first, row.count == 3, let outcome = row[0] else { throw Self.unexpected }
        tell(row[2])
        switch outcome {
        case "0":
            roster.gone(claim.id)
            return .refused
        case "1": return .waiting()
        case "2":
            guard let token = row[1].flatMap({ Int64($0) }).flatMap({ FencingToken(rawValue: $0) }) else {
                throw Self.unexpected
            }
            return .held(Grant(token: token))
        default:
            roster.gone(claim.id)
            let index = (row[1].flatMap { Int($0) } ?? 1) - 1
            guard claim.parts.indices.contains(index) else { throw Self.unexpected }
            let part = claim.parts[index]
            throw LockError(
                .modeConflict,
                "\(part.mode) was asked for where the key is in use otherwise; use one mode family and one limit",
                key: part.key)
        }
    }

    /// Without a note and a path it asks for no more than a schema of an older version has.
    private func placed(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> [[String?]] {
        let plain = arguments(claim, condition)
        if claim.parts.contains(where: { if case .path = $0.mode { true } else { false } }) {
            return try await call("place_on_paths", plain + [claim.note.encoded])
        }
        guard claim.note != .empty else { return try await call("place", plain) }
        return try await call("place_noted", plain + [claim.note.encoded])
    }

    func arguments(_ claim: Claim, _ condition: PlaceCondition) -> [String?] {
        let row = claim.id.row
        let modes = claim.parts.map(\.mode.stored)
        let owner = claim.owner
        return [
            "\(row.client)", "\(row.number)", ArrayText.of(claim.parts.map { configuration.prefix + $0.key.text }),
            ArrayText.of(modes.map(\.kind)), ArrayText.of(modes.map(\.permits)), ArrayText.of(modes.map(\.limit)),
            "\(Self.microseconds(claim.timeToLive))", condition == .ifFree ? "t" : "f", "\(ear.number)",
            ArrayText.hexadecimal(owner.host.utf8), "\(owner.processID)", ArrayText.hexadecimal(owner.program.utf8),
            ArrayText.hexadecimal(owner.label.utf8),
        ]
    }

    func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        guard !ids.isEmpty else { return Extension() }
        let rows = try await call(
            "extend",
            [
                ArrayText.of(ids.map(\.row.client)), ArrayText.of(ids.map(\.row.number)),
                "\(Self.microseconds(timeToLive))",
            ])
        guard let text = rows.first?.first ?? nil else { throw Self.unexpected }
        var outcome = Extension(gone: Set(ids))
        for (id, asked) in ArrayText.triples(text) {
            outcome.gone.remove(id)
            if asked != 0 { outcome.asked.insert(id) }
        }
        for id in outcome.gone { roster.gone(id) }
        return outcome
    }

    func remove(_ id: Claim.ID) async throws(LockError) -> Removal {
        let rows = try await call("remove", ["\(id.row.client)", "\(id.row.number)", "\(ear.number)"])
        guard let row = rows.first, row.count == 2, let found = row[0] else { throw Self.unexpected }
        roster.gone(id)
        tell(row[1])
        return found == "t" ? .removed : .absent
    }

    func ask(_ id: Claim.ID) async throws(LockError) -> Removal {
        let rows = try await call("ask", ["\(id.row.client)", "\(id.row.number)"])
        guard let found = rows.first?.first ?? nil else { throw Self.unexpected }
        return found == "t" ? .removed : .absent
    }

    func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        let rows = try await call("annotate", ["\(id.row.client)", "\(id.row.number)", note.encoded])
        guard let found = rows.first?.first ?? nil else { throw Self.unexpected }
        return found == "t" ? .removed : .absent
    }

    func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        let first = Array((configuration.prefix + prefix).utf8)
        // No byte of UTF-8 is 0xFF, so the next byte exists.
        let behind = first.last.map { "\\x" + ArrayText.hexadecimal(first.dropLast() + [$0 + 1]) }
        let rows = try await call("listing", ["\\x" + ArrayText.hexadecimal(first), behind, "\(max(0, limit))"])
        return try rows.map { row throws(LockError) in try record(row) }
    }

    private func record(_ row: [String?]) throws(LockError) -> ClaimRecord {
        func number(_ index: Int) -> Int64? { row[index].flatMap { Int64($0) } }
        func text(_ index: Int) -> String? {
            row[index].flatMap { ArrayText.bytes($0) }.flatMap { String(validating: $0, as: UTF8.self) }
        }
        guard row.count == 15, let key = text(0), let client = number(1), let sequence = number(2),
            let kind = number(3), let permits = number(4), let limit = number(5),
            let mode = LockMode(kind: Int(kind), permits: Int(permits), limit: Int(limit)), let host = text(6),
            let pid = number(7), let program = text(8), let label = text(9), let age = number(11),
            let remaining = number(12), let note = row[14]
        else { throw Self.unexpected }
        return ClaimRecord(
            key: LockKey(
                unchecked: String(decoding: key.utf8.dropFirst(configuration.prefix.utf8.count), as: UTF8.self)),
            id: Claim.ID(row: client, sequence), mode: mode,
            owner: Owner(host: host, processID: Int32(truncatingIfNeeded: pid), program: program, label: label),
            token: number(10).flatMap { FencingToken(rawValue: $0) }, age: .microseconds(max(0, age)),
            remaining: .microseconds(max(0, remaining)), isAsked: row[13] == "t", note: ClaimNote(encoded: note))
    }

    /// Rounded up, and within what a timestamp may be moved by.
    static func microseconds(_ life: Duration) -> Int64 {
        min(life.nanoseconds / 1000 + 1, longestLife)
    }

    private static let longestLife: Int64 = 10 * 365 * 86_400 * 1_000_000
}
#endif
