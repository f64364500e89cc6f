import Foundation
import Glibc
import ServerKit
import Testing

/// A real terminal: a tmux server of the test's own, with one pane where an interactive shell runs.
final class Tmux {
    private static let prompt = "ready> "

    private let scratch: Scratch

    init(_ scratch: Scratch) async throws {
        self.scratch = scratch
        let found = try scratch.shell("command -v tmux")
        try #require(try await found.end() == 0, "these tests need tmux: apt-get install tmux")
        // Wide, so that no line is broken. No start-up file of this user is under test.
        let shell = "env PS1='\(Self.prompt)' SHELL=/bin/sh bash --norc --noprofile -i"
        try await tmux("new-session -d -x 250 -y 40 \"\(shell)\"")
        try await awaitText("the shell's prompt") { $0.contains(Self.prompt.dropLast()) }
    }

    deinit {
        // Blocks, since a deinit cannot await: nothing may be left running where a test ends.
        guard let server = try? scratch.shell(Self.script("kill-server")) else { return }
        while server.isRunning { usleep(5_000) }
    }

    private static func script(_ arguments: String) -> String {
        "TMUX_TMPDIR=$DIR; export TMUX_TMPDIR; exec tmux -L test -f /dev/null \(arguments)"
    }

    @discardableResult
    private func tmux(_ arguments: String) async throws -> String {
        let running = try scratch.shell(Self.script(arguments))
        try #require(try await running.end() == 0, "tmux \(arguments): \(running.errors)")
        return running.output
    }

    /// Types a line.
    func type(_ line: String) async throws {
        let quoted = line.replacingOccurrences(of: "'", with: "'\\''")
        try await tmux("send-keys -l '\(quoted)'")
        try await press("Enter")
    }

    /// A key by tmux's name of it: `C-c`, `C-z`, `q`.
    func press(_ key: String) async throws { try await tmux("send-keys \(key)") }

    func closePane() async throws { try await tmux("kill-pane") }

    var text: String {
        get async throws { try await tmux("capture-pane -p") }
    }

    /// - Parameter line: typed before each look.
    func awaitText(
        _ what: String, typing line: String? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: (String) -> Bool
    ) async throws {
        var last = ""
        do {
            try await eventually(what, sourceLocation: sourceLocation) {
                if let line { try await self.type(line) }
                last = try await self.text
                return condition(last)
            }
        } catch {
            Issue.record("the terminal shows:\n\(last)", sourceLocation: sourceLocation)
            throw error
        }
    }

    /// Awaits a line that ends so; the terminal's own echo of a key may stand before it.
    func awaitLine(
        _ line: String, typing typed: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await awaitText("the line \(line)", typing: typed, sourceLocation: sourceLocation) {
            $0.split(separator: "\n").contains { $0.trimmingCharacters(in: .whitespaces).hasSuffix(line) }
        }
    }
}
