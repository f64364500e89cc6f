import Holdfast

/// One `holdfast break` at work.
struct Breaking: Sendable {
    /// What became of one holder.
    enum Outcome: String {
        /// It let go, or expired.
        case gone
        case removed
        case held

        fileprivate var text: String {
            switch self {
            case .gone: "gone"
            case .removed: "removed by force; it may go on until it notices"
            case .held: "still holds"
            }
        }
    }

    private static let look: Duration = .milliseconds(20)
    /// For clocks that differ, and a store that sweeps late.
    private static let expiryMargin: Duration = .seconds(5)

    let key: LockKey
    let isForced: Bool
    let mustAsk: Bool
    let patience: Duration?
    let format: OutputOption.Format

    func run(_ client: LockClient) async throws -> ExitStatus {
        let holders = try await holders(client)
        guard !holders.isEmpty else {
            Terminal.say("nobody holds \"\(key)\"")
            return end([], .notHad)
        }
        return isForced ? try await force(holders, client) : try await ask(holders, client)
    }

    private func holders(_ client: LockClient) async throws -> [ClaimRecord] {
        try await client.claims(on: key).filter(\.isHeld)
    }

    private func force(_ holders: [ClaimRecord], _ client: LockClient) async throws -> ExitStatus {
        if mustAsk {
            for holder in holders { Terminal.say("\"\(key)\" is held by \(describe(holder))") }
            let question = "remove by force? The holder may go on until it notices; only the token protects."
            guard Terminal.confirms(question) else { return end(holders.map { ($0, .held) }, .notHad) }
        }
        var ends: [(ClaimRecord, Outcome)] = []
        for holder in holders {
            let outcome: Outcome = try await client.remove(holder.id) == .removed ? .removed : .gone
            tell(holder, outcome.text)
            ends.append((holder, outcome))
        }
        return end(ends, .success)
    }

    private func ask(_ holders: [ClaimRecord], _ client: LockClient) async throws -> ExitStatus {
        for holder in holders {
            _ = try await client.ask(holder.id)
            tell(holder, "asked to let go")
        }
        let time = Timekeeper(ContinuousClock())
        let expiry = holders.map(\.remaining).max() ?? .zero
        let limit = time.now + (patience ?? expiry + Self.expiryMargin)
        var left = holders
        while true {
            let ids = Set(try await self.holders(client).map(\.id))
            for holder in left where !ids.contains(holder.id) { tell(holder, Outcome.gone.text) }
            left.removeAll { !ids.contains($0.id) }
            guard !left.isEmpty else { return end(holders.map { ($0, .gone) }, .success) }
            guard time.now < limit else {
                Terminal.say("\"\(key)\" is still held; --force removes it without its holder's consent")
                return end(holders.map { ($0, ids.contains($0.id) ? .held : .gone) }, .notHad)
            }
            try await time.sleep(until: time.now + Self.look)
        }
    }

    private func describe(_ holder: ClaimRecord) -> String {
        "\(holder.owner), token \(holder.token.map { "\($0)" } ?? "-")"
    }

    /// People see what happens when it happens, programs all of it at the end.
    private func tell(_ holder: ClaimRecord, _ what: String) {
        guard format == .table else { return }
        Terminal.print(Terminal.escaped("\(describe(holder)): \(what)") + "\n")
    }

    private func end(_ ends: [(ClaimRecord, Outcome)], _ status: ExitStatus) -> ExitStatus {
        guard format == .json else { return status }
        let records = ends.map { record, outcome in
            JSON.object(record.members + [("outcome", .string(outcome.rawValue))])
        }
        Terminal.print(JSON.array(records).text + "\n")
        return status
    }
}
