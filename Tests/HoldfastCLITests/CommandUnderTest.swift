import Foundation
import Glibc
import Testing

/// A store of its own in a fresh directory, and the `holdfast` commands that a test runs on it.
final class Scratch: Sendable {
    let directory: String
    private let store: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/holdfast-cli-XXXXXX").utf8CString)
        directory = String(cString: try #require(mkdtemp(&template)))
        store = "sqlite://\(directory)/locks.sqlite"
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func path(_ name: String) -> String { directory + "/" + name }

    /// Starts `holdfast` with the arguments.
    func start(_ arguments: String...) throws -> Running { try start(Self.binary, arguments) }

    /// Starts a shell, where `$HOLDFAST` is the command.
    func shell(_ script: String) throws -> Running { try start("/bin/sh", ["-c", script]) }

    /// Runs `holdfast` to its end.
    func run(_ arguments: String...) async throws -> Running { try await run(arguments) }

    func run(_ arguments: [String]) async throws -> Running {
        let running = try start(Self.binary, arguments)
        try await running.end()
        return running
    }

    private func start(_ executable: String, _ arguments: [String]) throws -> Running {
        // What this user has set is not under test.
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HOLDFAST_") }
        environment["XDG_CONFIG_HOME"] = directory
        environment["HOLDFAST_STORE"] = store
        environment["HOLDFAST"] = Self.binary
        environment["DIR"] = directory
        return try Running(executable, arguments, environment, outputIn: directory)
    }

    /// Beside the test bundle, wherever the build is.
    private static let binary: String = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("holdfast").path
    }()
}

/// A process that a test started. What still runs at the end of the test is killed.
///
/// Not a `Foundation.Process`: that hands its blocked signals down.
final class Running {
    let pid: pid_t
    private var endStatus: Int32?
    private let outputPath: String
    private let errorPath: String

    fileprivate init(
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

    var isRunning: Bool {
        guard endStatus == nil else { return false }
        var raw: Int32 = 0
        guard waitpid(pid, &raw, WNOHANG) == pid else { return true }
        let signal = raw & 0x7F
        endStatus = signal == 0 ? (raw >> 8) & 0xFF : 128 + signal
        return false
    }

    /// The exit status, as a shell says it; -1 while it runs.
    var status: Int32 { isRunning ? -1 : endStatus ?? -1 }

    var output: String { text(outputPath) }
    var errors: String { text(errorPath) }

    func send(_ signal: Int32) { Glibc.kill(pid, signal) }

    @discardableResult
    func end(within bound: Duration = .seconds(20)) async throws -> Int32 {
        try await eventually(within: bound, "the command ends") { !self.isRunning }
        return status
    }

    private func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}

/// Looks at a condition until it holds.
func eventually(
    within bound: Duration = .seconds(10), _ what: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let limit = ContinuousClock.now + bound
    while try await !condition() {
        guard ContinuousClock.now < limit else {
            Issue.record("not within \(bound): \(what)", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        // The pause between two looks: nothing signals what another process does.
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Processes as the kernel shows them: zombies do not run.
enum Kernel {
    static func runs(_ process: pid_t) -> Bool {
        guard let state = fields(of: process)?.first else { return false }
        return state != "Z" && state != "X"
    }

    static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        if terminal >= 0 { close(terminal) }
        return terminal >= 0
    }

    static func group(of process: pid_t) -> pid_t? { fields(of: process).flatMap { pid_t($0[2]) } }

    static func children(of process: pid_t) -> [pid_t] {
        let path = "/proc/\(process)/task/\(process)/children"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { pid_t($0) }
    }

    /// What stands after the name: state, parent, group, …
    private static func fields(of process: pid_t) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }
}

extension Scratch {
    /// The number that a command wrote into a file of the scratch directory.
    func number(in name: String) async throws -> pid_t {
        var number: pid_t?
        try await eventually("\(name) is written") {
            let text = (try? String(contentsOfFile: self.path(name), encoding: .utf8)) ?? ""
            // Whole only with its line end.
            number = text.hasSuffix("\n") ? pid_t(text.dropLast()) : nil
            return number != nil
        }
        return try #require(number)
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// The claims that `ls --json` shows on a key.
    func claims(on prefix: String = "") async throws -> [Listed] {
        let listing = try await run("ls", "--json", prefix)
        try #require(listing.status == 0, "\(listing.errors)")
        return try JSONDecoder().decode([Listed].self, from: Data(listing.output.utf8))
    }

    struct Listed: Decodable {
        struct Owner: Decodable {
            let host: String
            let pid: Int32
            let program: String
        }
        let key: String
        let state: String
        let mode: String
        let owner: Owner
        let token: String?
        let age_ms: Int64
        let time_left_ms: Int64
    }
}
