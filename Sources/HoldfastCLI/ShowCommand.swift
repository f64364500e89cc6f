import ArgumentParser
import Holdfast

struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything that is known about the lock NAME: its holders and waiters in order.",
        discussion: """
            For each claim: owner, mode, token, id, age, time left, whether it was asked to let go, and the other \
            locks that the same claim is for. Exit status 1 where nobody holds it or waits for it.

            EXAMPLES
              holdfast show deploy
              holdfast show deploy -o json | jq '.[] | {state, token, claim}'
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
            let claims = try await KeyView.of(key, client)
            switch format {
            case .json: Terminal.print(JSON.array(claims.map(\.json)).text + "\n")
            case .table where claims.isEmpty: Terminal.say("nobody holds \"\(key)\" or waits for it")
            case .table: Terminal.print(KeyView.text(claims, key))
            }
            return claims.isEmpty ? .notHad : .success
        }
    }
}
