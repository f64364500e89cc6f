import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print the completion script of a shell: bash, zsh or fish.",
        discussion: """
            It completes commands, options and the names of locks that are held or waited for; bash also the command \
            behind the name of holdfast run.

            EXAMPLES
              source <(holdfast completion bash)          in ~/.bashrc
              holdfast completion bash >/usr/share/bash-completion/completions/holdfast
              holdfast completion zsh >~/.zsh/completions/_holdfast
              holdfast completion fish >~/.config/fish/completions/holdfast.fish
            """)

    @Argument(
        help: ArgumentHelp("bash, zsh or fish.", valueName: "SHELL"),
        completion: .list(CompletionShell.allCases.map(\.rawValue)))
    var shell: String

    mutating func run() throws {
        try Arguments.checkUTF8()
        guard let known = CompletionShell(rawValue: shell) else {
            throw Failure(.usage, "completion \"\(shell)\": choose bash, zsh or fish")
        }
        let script = HoldfastCommand.completionScript(for: known)
        Terminal.print(script + "\n" + (known == .bash ? BashCompletion.commandBehindName : ""))
    }
}
