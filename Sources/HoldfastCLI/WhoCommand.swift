import ArgumentParser
import Holdfast

struct WhoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "who",
        abstract: "Show who holds the lock NAME: host, process, program and label, one holder a line.",
        discussion: """
            Exit status 1 where nobody holds it.

            EXAMPLES
              holdfast who deploy
              holdfast who deploy >/dev/null && echo "somebody is deploying"
              holdfast who deploy -o json | jq -r '.[0].token'
            """)

    @OptionGroup var output: OutputOption

    @OptionGroup var store: StoreOption

    @Argument(help: ArgumentHelp("The lock's name.", valueName: "NAME"), completion: NameCompletion.kind)
    var name: String

    mutating func run() throws {
        try Arguments.checkUTF8()
        let key = try Arguments.key(Array(name.utf8))
        let format = try output.format() ?? .table
        try store.resolve().command { client in
            let holders = try await client.claims(on: key).filter(\.isHeld)
            switch format {
            case .json: Terminal.print(JSON.array(holders.map(\.json)).text + "\n")
            case .table: Terminal.print(holders.map { Self.line($0.owner) + "\n" }.joined())
            }
            return holders.isEmpty ? .notHad : .success
        }
    }

    private static func line(_ owner: Owner) -> String {
        let words = [owner.host, "\(owner.processID)", owner.program, owner.label].map(Terminal.escaped)
        return words.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
