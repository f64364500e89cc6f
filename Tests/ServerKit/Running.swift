import Foundation
package import Glibc
import Testing

/// A process that a test started. What still runs at the end of the test is killed.
///
/// Not a `Foundation.Process`: that hands its blocked signals down.
package final class Running {
    package let pid: pid_t
    private var endStatus: Int32?
    private let outputPath: String
    private let errorPath: String

    init(
        _ executable: String, _ arguments: [String], _ environment: [String: String], outputIn directory: String
    ) throws {
        let name = UUID().uuidString
        outputPath = "\(directory)/\(name).out"
        errorPath = "\(directory)/\(name).err"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        // Files, since a pipe that nobody reads would block the command.
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        actions.closeOthers()
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)

        let strings = ([executable] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for string in strings + variables { free(string) } }
        var pid: pid_t = 0
        try #require(posix_spawn(&pid, executable, &actions, &attributes, strings, variables) == 0)
        self.pid = pid
    }

    deinit {
        guard isRunning else { return }
        Glibc.kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    package var isRunning: Bool {
        guard endStatus == nil else { return false }
        var raw: Int32 = 0
        guard waitpid(pid, &raw, WNOHANG) == pid else { return true }
        let signal = raw & 0x7F
        endStatus = signal == 0 ? (raw >> 8) & 0xFF : 128 + signal
        return false
    }

    /// The exit status, as a shell says it; -1 while it runs.
    package var status: Int32 { isRunning ? -1 : endStatus ?? -1 }

    package var output: String { text(outputPath) }
    package var errors: String { text(errorPath) }

    package func send(_ signal: Int32) { Glibc.kill(pid, signal) }

    @discardableResult
    package func end(within bound: Duration = .seconds(20)) async throws -> Int32 {
        try await eventually("the command ends", within: bound) { !self.isRunning }
        return status
    }

    private func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
