import ArgumentParser
import Holdfast

struct BreakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "break",
        abstract: "Ask the holders of NAME to let go, and wait for that or their expiry.",
        discussion: """
            With --force the claims are removed at once. Their holders go on until they notice: two may work then, \
            and only the fencing token protects what they write.
            """)

    @Flag(help: "Remove the claims at once, after asking on a terminal.")
    var force = false

    @Flag(help: "With --force: do not ask.")
    var yes = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Wait for at most this long; until they expire.", valueName: "D"))
    var wait: String?

    @OptionGroup var store: StoreOption

    @Argument(help: ArgumentHelp("The lock's name.", valueName: "NAME"))
    var name: String

    mutating func run() throws {
        try Arguments.checkUTF8()
        let breaking = Breaking(
            key: try Arguments.key(Array(name.utf8)), isForced: force, mustAsk: force && !yes && Terminal.isInteractive,
            patience: try wait.map { text throws(Failure) in try DurationText.parse(text, for: "--wait") })
        let store = try store.resolve()
        Concurrency.run {
            do {
                return try await store.withClient { try await breaking.run($0) }
            } catch {
                return Failure(error).report()
            }
        }
    }
}

/// One `holdfast break` at work.
private struct Breaking: Sendable {
    private static let recordsLimit = 100_000
    private static let look: Duration = .milliseconds(20)
    /// For clocks that differ, and a store that sweeps late.
    private static let expiryMargin: Duration = .seconds(5)

    let key: LockKey
    let isForced: Bool
    let mustAsk: Bool
    let patience: Duration?

    func run(_ client: LockClient) async throws -> ExitStatus {
        let holders = try await holders(client)
        guard !holders.isEmpty else {
            Terminal.say("nobody holds \"\(key)\"")
            return .notHad
        }
        return isForced ? try await force(holders, client) : try await ask(holders, client)
    }

    /// Names that continue this one come after it.
    private func holders(_ client: LockClient) async throws -> [ClaimRecord] {
        try await client.claims(withPrefix: key.text, limit: Self.recordsLimit).filter { $0.key == key && $0.isHeld }
    }

    private func force(_ holders: [ClaimRecord], _ client: LockClient) async throws -> ExitStatus {
        if mustAsk {
            for holder in holders { Terminal.say("\"\(key)\" is held by \(describe(holder))") }
            let question = "remove by force? The holder may go on until it notices; only the token protects."
            guard Terminal.confirms(question) else { return .notHad }
        }
        for holder in holders {
            let removal = try await client.remove(holder.id)
            tell(holder, removal == .removed ? "removed by force; it may go on until it notices" : "gone before")
        }
        return .success
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
            for holder in left where !ids.contains(holder.id) { tell(holder, "gone") }
            left.removeAll { !ids.contains($0.id) }
            guard !left.isEmpty else { return .success }
            guard time.now < limit else {
                Terminal.say("\"\(key)\" is still held; --force removes it without its holder's consent")
                return .notHad
            }
            try await time.sleep(until: time.now + Self.look)
        }
    }

    private func describe(_ holder: ClaimRecord) -> String {
        "\(holder.owner), token \(holder.token.map { "\($0)" } ?? "-")"
    }

    private func tell(_ holder: ClaimRecord, _ what: String) {
        Terminal.print(Terminal.escaped("\(describe(holder)): \(what)") + "\n")
    }
}
