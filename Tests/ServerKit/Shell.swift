import Foundation
import Glibc

/// Programs that do something and end.
///
/// By `posix_spawn` and `waitpid`: Foundation's `Process` hears of an end by a socket that leaks to what is started at
/// the same time, and then waits for ever.
package enum Shell {
    /// Runs a program to its end; its output, where it succeeds.
    @discardableResult
    package static func run(_ words: String...) throws -> String { try finish(words) }

    /// The same, elsewhere than on the few threads that all tasks share.
    @discardableResult
    package static func output(_ words: String...) async throws -> String { try await output(words) }

    @discardableResult
    package static func output(_ words: [String]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try finish(words) }) }
        }
    }

    private static func finish(_ words: [String]) throws -> String {
        let (output, errors) = (try pipe(), try pipe())
        defer { for end in [output.read, errors.read] { close(end) } }
        let pid: pid_t
        do {
            defer { for end in [output.write, errors.write] { close(end) } }
            pid = try spawn(words, output.write, errors.write)
        }
        let (text, complaint) = readAll(output.read, errors.read)
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw TestFailure("\(words.joined(separator: " ")): \(complaint)") }
        return text
    }

    /// Sockets, since only they are closed on exec from the start.
    private static func pipe() throws -> (read: CInt, write: CInt) {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw TestFailure("no pair of sockets") }
        return (ends[0], ends[1])
    }

    private static func spawn(_ words: [String], _ output: CInt, _ errors: CInt) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // Threads of a pool block signals.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid = pid_t()
        let code = posix_spawnp(&pid, words[0], &actions, &attributes, &arguments, environ)
        guard code == 0 else { throw TestFailure("\(words[0]): \(String(cString: strerror(code)))") }
        return pid
    }

    /// Both to their ends, as they come: a program that fills one must not wait for the other.
    private static func readAll(_ output: CInt, _ errors: CInt) -> (output: String, errors: String) {
        var open = [
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
        ]
        var texts: [[UInt8]] = [[], []]
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while open.contains(where: { $0.fd >= 0 }) {
            guard poll(&open, nfds_t(open.count), -1) > 0 else { continue }
            for index in open.indices where open[index].fd >= 0 && open[index].revents != 0 {
                let count = read(open[index].fd, &buffer, buffer.count)
                if count > 0 { texts[index] += buffer.prefix(count) } else { open[index].fd = -1 }
            }
        }
        return (String(decoding: texts[0], as: UTF8.self), String(decoding: texts[1], as: UTF8.self))
    }
}
