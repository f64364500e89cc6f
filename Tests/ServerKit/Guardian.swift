import Foundation
package import Glibc
import Synchronization

/// A server's process, and a shell beside it that kills it when the test process is gone.
///
/// Not by a parent-death signal: that comes when the *thread* that started it ends.
package final class Guardian: Sendable {
    private struct State {
        var shell: pid_t = 0
        var pid: pid_t = 0
        /// Its other end is the shell's standard input: closed with this process, however that ends.
        var lifeline: CInt = -1
    }
    private let path: String
    private let arguments: [String]
    private let state = Mutex(State())

    package init(_ path: String, _ arguments: [String]) {
        self.path = path
        self.arguments = arguments
    }

    package var pid: pid_t { state.withLock(\.pid) }

    /// Alive, and not a zombie either.
    package var isAlive: Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return false }
        return !"ZX".contains(stat[stat.index(name, offsetBy: 2)])
    }

    package func start() throws {
        kill()
        var input: [CInt] = [-1, -1]
        var output: [CInt] = [-1, -1]
        // Sockets, since only they are closed on exec from the start: a pipe could leak to what another test starts.
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &input) == 0, socketpair(AF_UNIX, kind, 0, &output) == 0 else {
            throw TestFailure("no pair of sockets")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        actions.closeOthers()
        // Threads of a pool block signals, and a shell that has SIGCHLD blocked waits for ever.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        // A signal to the whole group, such as the hang-up where one of it is stopped, ends the server too.
        let script = #"trap : HUP INT TERM; "$@" </dev/null >/dev/null 2>&1 & echo $!; read _; kill -9 $!; wait"#
        var words = (["/bin/sh", "-c", script, "sh", path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var shell = pid_t()
        let code = posix_spawn(&shell, "/bin/sh", &actions, &attributes, &words, environ)
        close(input[0])
        close(output[1])
        defer { close(output[0]) }
        guard code == 0 else { throw TestFailure("cannot start \(path): \(code)") }
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(output[0], &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        guard let pid = pid_t(String(decoding: line, as: UTF8.self)) else { throw TestFailure("\(path) did not start") }
        state.withLock { $0 = State(shell: shell, pid: pid, lifeline: input[1]) }
    }

    /// Kills the server, and waits until it and its shell are gone.
    package func kill() {
        state.withLock { state in
            guard state.shell != 0 else { return }
            close(state.lifeline)
            var status: CInt = 0
            while waitpid(state.shell, &status, 0) == -1, errno == EINTR {}
            state = State()
        }
    }

    deinit { kill() }
}
