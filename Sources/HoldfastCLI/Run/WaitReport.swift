import Holdfast

/// Says behind whom a claim waits, where `-v` asks for it.
struct WaitReport: Sendable {
    /// Who is listed before "and n more".
    private static let namesLimit = 3
    private static let recordsLimit = 1_000

    let plan: ClaimPlan
    let channel: Channel

    /// Ends with its task, or with the client.
    func run(_ client: LockClient, _ news: AsyncStream<LockEvent>) async {
        for await event in news where event.kind == .waited {
            for part in plan.parts {
                // A store that cannot list tells nothing; the lock comes all the same.
                guard let text = try? await blockers(of: event.id, on: part.key, client) else { continue }
                channel.send(EngineMessage.note(text).text)
            }
        }
    }

    /// - Returns: nil where nobody is before it.
    private func blockers(of id: Claim.ID?, on key: LockKey, _ client: LockClient) async throws -> String? {
        let records = try await client.claims(withPrefix: key.text, limit: Self.recordsLimit)
            .filter { $0.key == key }
            .prefix { $0.id != id }
        guard !records.isEmpty else { return nil }
        let names = records.prefix(Self.namesLimit).map { record in
            "\(record.owner) (\(record.isHeld ? "held" : "waiting") for \(DurationText.brief(record.age)))"
        }
        let more = records.count - names.count
        return "waits for \"\(key)\" behind " + names.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }
}
