import ArgumentParser
import Holdfast

struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract:
            "Show who waits for whom, from the lock NAME on: holders, what they wait for themselves, and circles.",
        discussion: """
            A holder is said to wait once it has waited for longer than its threshold (1s), and where it is a program \
            that uses the library: one command holds no lock while it waits for another. Exit status 1 where nobody \
            holds NAME or waits for it.

            EXAMPLES
              holdfast why deploy
            """)

    @OptionGroup var store: StoreOption

    @Argument(help: ArgumentHelp("The lock's name.", valueName: "NAME"), completion: NameCompletion.kind)
    var name: String

    mutating func run() throws {
        try Arguments.checkUTF8()
        let key = try Arguments.key(Array(name.utf8))
        try store.resolve().command { client in
            let graph = try await client.waitGraph(on: key)
            let text = WaitText(graph).text(of: key)
            guard !text.isEmpty else {
                Terminal.say("nobody holds \"\(key)\" or waits for it")
                return .notHad
            }
            Terminal.print(text)
            return .success
        }
    }
}
