import Foundation
import Glibc
import ServerKit
import Testing

@testable import HoldfastCLI

/// `completion`.
@Suite(.timeLimit(.minutes(2))) struct CompletionTests {
    /// What bash offers for a line.
    private func offers(_ line: String, _ scratch: Scratch) async throws -> Set<String> {
        let script = """
            set -u
            PATH="$(dirname "$HOLDFAST"):$PATH"
            source <(holdfast completion bash)
            COMP_LINE=$1 COMP_POINT=${#1}
            read -ra COMP_WORDS <<<"$1"
            if [[ "$1" == *' ' ]]; then COMP_WORDS+=(''); fi
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
            function=$(complete -p holdfast | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
            "$function" holdfast "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            if ((${#COMPREPLY[@]})); then printf '%s\\n' "${COMPREPLY[@]}"; fi
            """
        try script.write(toFile: scratch.path("script"), atomically: true, encoding: .utf8)
        let bash = try scratch.shell("exec bash $DIR/script '\(line)'")
        #expect(try await bash.end() == 0)
        #expect(bash.errors == "")
        return Set(bash.output.split(separator: "\n").map(String.init))
    }

    @Test func `bash loads the script`() async throws {
        let scratch = try Scratch()
        let bash = try scratch.shell("exec bash -c 'source <($HOLDFAST completion bash); complete -p holdfast'")
        #expect(try await bash.end() == 0)
        #expect(bash.output.hasPrefix("complete ") && bash.output.hasSuffix(" holdfast\n"))
        #expect(bash.errors == "")
    }

    @Test func `bash completes commands, options and values`() async throws {
        let scratch = try Scratch()
        #expect(try await offers("holdfast br", scratch) == ["break"])
        #expect(try await offers("holdfast ", scratch).isSuperset(of: ["run", "lock", "watch", "completion"]))
        #expect(try await offers("holdfast break --f", scratch) == ["--force"])
        #expect(try await offers("holdfast ls -o ", scratch) == ["table", "json"])
        #expect(try await offers("holdfast completion b", scratch) == ["bash"])
    }

    @Test func `bash completes names, but none that a shell would expand`() async throws {
        let scratch = try Scratch()
        let names = [
            "deploy", "de/p@1", "$(touch $DIR/run)", "`touch $DIR/run`", "two words", "~root", "a:b", "-d", "*",
        ]
        var holders: [Running] = []
        for name in names { holders.append(try scratch.start("lock", "--", name)) }
        try await eventually("all are held") { try await scratch.claims().count == names.count }
        for command in ["show", "who", "break", "ls", "lock", "watch", "run", "run -w 5", "run --"] {
            #expect(try await offers("holdfast \(command) d", scratch) == ["deploy", "de/p@1"], "\(command)")
        }
        #expect(try await offers("holdfast show ", scratch).isSuperset(of: ["deploy", "de/p@1"]))
        #expect(!scratch.exists("run"))
        for holder in holders {
            holder.send(SIGTERM)
            try await holder.end()
        }
    }

    @Test func `bash completes the command behind the name of run`() async throws {
        let scratch = try Scratch()
        #expect(try await offers("holdfast run k mkfif", scratch).contains("mkfifo"))
        #expect(try await offers("holdfast run -w 5 -n k -- mkfif", scratch).contains("mkfifo"))
        #expect(try await offers("holdfast once --retention 1d k mkfif", scratch).contains("mkfifo"))
        #expect(try await offers("holdfast run k cat /etc/passw", scratch).contains("/etc/passwd"))
        #expect(try await offers("holdfast once k --retention 1d mkfif", scratch).contains("mkfifo"))
        #expect(try await !offers("holdfast run k cat --ver", scratch).contains("--verbose"))
        #expect(try await offers("holdfast run k -w 5s -- mkfif", scratch).contains("mkfifo"))
    }

    @Test func `the options of run and once that take a value are known`() async throws {
        let scratch = try Scratch()
        let commands = try await scratch.commands().filter { ["run", "once"].contains($0.name) }
        #expect(commands.count == 2)
        let options = commands.flatMap(\.options).filter(\.takesValue).flatMap(\.names)
        #expect(Set(options) == Set(BashCompletion.optionsWithValue))
    }

    @Test func `zsh and fish get a script that knows every command`() async throws {
        let scratch = try Scratch()
        for shell in ["zsh", "fish"] {
            let script = try await scratch.run("completion", shell)
            #expect(script.status == 0)
            for command in try await scratch.commands() {
                #expect(script.output.contains(command.name), "\(shell): \(command.name)")
            }
            // Where the shell is there, it says whether this is its language.
            try script.output.write(toFile: scratch.path("script"), atomically: true, encoding: .utf8)
            let check = try scratch.shell("if command -v \(shell) >/dev/null; then \(shell) -n $DIR/script; fi")
            #expect(try await check.end() == 0, "\(check.errors)")
        }
    }
}
