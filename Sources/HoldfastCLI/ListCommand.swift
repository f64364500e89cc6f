import ArgumentParser
import Holdfast

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "Show the holders and waiters of the locks that begin with PREFIX, in queue order.")

    /// What one listing shows at most.
    private static let recordsLimit = 100_000

    @Flag(help: "One JSON array; tokens are text, since they outgrow a double.")
    var json = false

    @OptionGroup var store: StoreOption

    @Argument(help: ArgumentHelp("Only names that begin with this.", valueName: "PREFIX"))
    var prefix = ""

    mutating func run() throws {
        try Arguments.checkUTF8()
        let store = try store.resolve()
        let (prefix, json) = (prefix, json)
        Concurrency.run {
            do {
                let records = try await store.withClient { client in
                    try await client.claims(withPrefix: prefix, limit: Self.recordsLimit)
                }
                Terminal.print(json ? Self.array(records).text + "\n" : Self.table(records))
                if records.count == Self.recordsLimit { Terminal.say("more than \(Self.recordsLimit) claims: cut") }
                return .success
            } catch {
                return Failure(error).report()
            }
        }
    }

    private static func table(_ records: [ClaimRecord]) -> String {
        guard !records.isEmpty else { return "" }
        var table = TextTable(["KEY", "STATE", "MODE", "OWNER", "AGE", "TOKEN", "TIME LEFT"])
        for record in records {
            table.add([
                record.key.text, state(of: record), "\(record.mode)", "\(record.owner)",
                DurationText.brief(record.age), record.token.map { "\($0)" } ?? "-",
                record.remaining > .zero ? DurationText.brief(record.remaining) : "-",
            ])
        }
        return table.text
    }

    private static func state(of record: ClaimRecord) -> String {
        (record.isHeld ? "held" : "waiting") + (record.isAsked ? ", asked" : "")
    }

    private static func array(_ records: [ClaimRecord]) -> JSON {
        .array(
            records.map { record in
                let owner = record.owner
                return .object([
                    ("key", .string(record.key.text)),
                    ("state", .string(record.isHeld ? "held" : "waiting")),
                    ("mode", .string("\(record.mode)")),
                    (
                        "owner",
                        .object([
                            ("host", .string(owner.host)), ("pid", .integer(Int64(owner.processID))),
                            ("program", .string(owner.program)), ("label", .string(owner.label)),
                        ])
                    ),
                    ("age_ms", .integer(record.age.milliseconds)),
                    ("token", record.token.map { .string("\($0)") } ?? .null),
                    ("time_left_ms", .integer(record.remaining.milliseconds)),
                    ("asked", .boolean(record.isAsked)),
                    ("id", .string("\(record.id)")),
                ])
            })
    }
}
