import Holdfast

/// One claim on a key as `holdfast show` tells it, with the other keys that it is for.
struct KeyView: Sendable {
    let record: ClaimRecord
    /// All of the claim's keys, this one too, by key.
    let claim: [Claim.Part]

    /// The claims on a key, in queue order.
    static func of(_ key: LockKey, _ client: LockClient) async throws -> [KeyView] {
        let records = try await client.claims(on: key)
        guard !records.isEmpty else { return [] }
        // A listing is by key: what else a claim is for may stand anywhere.
        let all = try await client.claims(limit: Listing.recordsLimit)
        if all.count == Listing.recordsLimit {
            Terminal.say("more than \(Listing.recordsLimit) claims: a claim's other locks may be missing")
        }
        let wanted = Set(records.map(\.id))
        var parts: [Claim.ID: [Claim.Part]] = [:]
        for record in all where wanted.contains(record.id) {
            parts[record.id, default: []].append(Claim.Part(record.key, record.mode))
        }
        return records.map { KeyView(record: $0, claim: parts[$0.id] ?? [Claim.Part($0.key, $0.mode)]) }
    }

    var json: JSON {
        let parts = claim.map { part in
            JSON.object([("key", .string(part.key.text)), ("mode", .string("\(part.mode)"))])
        }
        return .object(record.members + [("claim", .array(parts))])
    }

    static func text(_ claims: [KeyView], _ key: LockKey) -> String {
        let held = claims.count { $0.record.isHeld }
        return "\(Terminal.escaped(key.text)): \(held) held, \(claims.count - held) waiting\n"
            + claims.enumerated().map { "\n" + $1.text(place: $0 + 1) }.joined()
    }

    private func text(place: Int) -> String {
        let others = claim.filter { $0.key != record.key }.map { "\($0.key) (\($0.mode))" }
        let owner = record.owner
        var rows = [
            ("state", "\(place). \(record.state), \(record.mode)" + (record.isAsked ? ", asked to let go" : "")),
            ("token", record.token.map { "\($0)" } ?? "-"), ("id", "\(record.id)"), ("host", owner.host),
            ("pid", "\(owner.processID)"), ("program", owner.program),
        ]
        if !owner.label.isEmpty { rows.append(("label", owner.label)) }
        if !record.note.text.isEmpty { rows.append(("note", record.note.text)) }
        rows += [("age", DurationText.brief(record.age)), ("time left", Listing.timeLeft(record))]
        if !others.isEmpty { rows.append(("also for", others.joined(separator: ", "))) }
        let width = rows.map { $0.0.count }.max() ?? 0
        return rows.map { name, value in
            "  \(name)" + String(repeating: " ", count: width - name.count) + "  \(Terminal.escaped(value))\n"
        }.joined()
    }
}
