import ArgumentParser
import Holdfast

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "Show the holders and waiters of the locks that begin with PREFIX, in queue order.",
        discussion: """
            JSON is one array; tokens are text, since they outgrow a double. Times are in milliseconds.

            EXAMPLES
              holdfast ls                                 every lock of the store
              holdfast ls deploy/                         those that begin with deploy/
              holdfast ls -o json | jq -r '.[] | select(.state == "waiting") | .key'
            """)

    @Flag(help: "The same as -o json.")
    var json = false

    @Flag(help: .hidden)
    var namesForCompletion = false

    @OptionGroup var output: OutputOption

    @OptionGroup var store: StoreOption

    @Argument(
        help: ArgumentHelp("Only names that begin with this.", valueName: "PREFIX"), completion: NameCompletion.kind)
    var prefix = ""

    mutating func run() throws {
        try Arguments.checkUTF8()
        let format = try output.format(json: json) ?? .table
        let store = try store.resolve()
        let (prefix, namesOnly) = (prefix, namesForCompletion)
        store.command { client in
            let records = try await client.claims(withPrefix: prefix, limit: Listing.recordsLimit)
            guard !namesOnly else {
                Terminal.print(NameCompletion.names(of: records).map { $0 + "\n" }.joined())
                return .success
            }
            switch format {
            case .json: Terminal.print(JSON.array(records.map(\.json)).text + "\n")
            case .table where records.isEmpty: break
            case .table: Terminal.print(Listing.table(records).text)
            }
            if records.count == Listing.recordsLimit { Terminal.say("more than \(Listing.recordsLimit) claims: cut") }
            return .success
        }
    }
}
