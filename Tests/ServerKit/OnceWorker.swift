import Glibc

/// A process that handles deliveries, one at a time, and may be killed at any moment.
final class OnceWorker {
    let pid: pid_t
    /// What it was given and has not answered.
    var inHand: Int?
    var isReady = false
    var killAt: ContinuousClock.Instant?
    let socket: CInt
    private var bytes: [UInt8] = []

    /// - Parameter errors: a file for what it complains of.
    init(_ program: String, _ arguments: [String], errors: String) throws {
        // Closed on exec from the start, so that no process of another test keeps it open.
        var pair: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw TestFailure("no pair of sockets")
        }
        defer { close(pair[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pair[1], 0)
        posix_spawn_file_actions_adddup2(&actions, pair[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        actions.closeOthers()
        // Threads of a pool block signals, and that is handed down.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, program, &actions, &attributes, &words, environ)
        guard code == 0 else {
            close(pair[0])
            throw TestFailure("cannot start \(program): \(code)")
        }
        (self.pid, socket) = (pid, pair[0])
    }

    func send(_ line: String) throws {
        let bytes = Array((line + "\n").utf8)
        guard Glibc.send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
            throw TestFailure("process \(pid) takes no delivery")
        }
    }

    /// What it has said since, without waiting; whether that was the last.
    func said() -> (lines: [String], isOver: Bool) {
        var piece = [UInt8](repeating: 0, count: 4096)
        var isOver = false
        while true {
            let count = recv(socket, &piece, piece.count, CInt(MSG_DONTWAIT))
            guard count > 0 else {
                isOver = count == 0 || (errno != EAGAIN && errno != EINTR)
                break
            }
            bytes += piece[..<count]
        }
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // The last one is not whole.
        let rest = lines.popLast() ?? []
        defer { bytes = Array(rest) }
        return (lines.map { String(decoding: $0, as: UTF8.self) }, isOver)
    }

    /// No more deliveries.
    func dismiss() { shutdown(socket, CInt(SHUT_WR)) }

    /// Kills it, unless it has ended.
    ///
    /// - Returns: what it had said before.
    func kill() -> [String] {
        Glibc.kill(pid, SIGKILL)
        reap()
        return said().lines
    }

    func reap() {
        var status: CInt = 0
        while waitpid(pid, &status, 0) == -1, errno == EINTR {}
    }

    deinit { close(socket) }
}
