#if ZooKeeper
import Foundation
import Glibc
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// A real server on a free port, in a folder of its own; gone with this object, and with the test process.
///
/// ```swift
/// let server = try await ZooKeeperServer()                        // ticks of 0.5 s: sessions of 1 s and more
/// let session = ZooKeeperSession(configuration: server.configuration, sessionTimeout: .seconds(2))
/// ```
final class ZooKeeperServer: Sendable {
    /// What differs from one test to the next.
    struct Setup: Sendable {
        /// Sessions live at least two of them.
        var tick = Duration.milliseconds(500)
        /// Lines of `zoo.cfg`.
        var config: [String] = []
        /// Java's, without `-D`: `zookeeper.extendedTypesEnabled=true`.
        var properties: [String] = []
        /// Certificates; the server then speaks TLS on ``ZooKeeperServer/tlsPort``.
        var tls: TestCertificates?
        /// As in production; else started fast, and nothing is flushed to the disk.
        var isFast = false

        init(tick: Duration = .milliseconds(500), config: String...) {
            self.tick = tick
            self.config = config
        }
    }

    let folder: ScratchFolder
    let port: Int
    let tlsPort: Int
    private let guardian: Guardian

    var pid: pid_t { guardian.pid }
    var server: ZooKeeperConfiguration.Server { .init(host: "127.0.0.1", port: port) }
    var configuration: ZooKeeperConfiguration { Self.configuration([server], tick: tick) }
    let tick: Duration

    /// Starts one server, and waits until it serves.
    convenience init(_ setup: Setup = Setup()) async throws {
        try self.init(setup, port: try FreePort.find(), member: nil)
        try await start()
    }

    /// - Parameter member: of an ensemble: its number, and the lines that name all members.
    init(_ setup: Setup, port: Int, member: (number: Int, lines: [String])?) throws {
        let jar = ProcessInfo.processInfo.environment["HOLDFAST_TEST_ZOOKEEPER"] ?? "/usr/share/java/zookeeper.jar"
        guard access(jar, R_OK) == 0, access("/usr/bin/java", X_OK) == 0 else {
            throw TestFailure("no \(jar) or no Java: scripts/setup installs them")
        }
        folder = try ScratchFolder()
        (self.port, tlsPort, tick) = (port, try FreePort.find(), setup.tick)
        let path = folder.path
        var lines = [
            "tickTime=\(Int(setup.tick / .milliseconds(1)))", "dataDir=\(path)", "clientPort=\(port)",
            "clientPortAddress=127.0.0.1", "initLimit=20", "syncLimit=8", "admin.enableServer=false",
            "4lw.commands.whitelist=*", "maxClientCnxns=0",
        ]
        var properties = [
            "org.slf4j.simpleLogger.logFile=\(path)/server.log", "org.slf4j.simpleLogger.defaultLogLevel=info",
        ]
        if !setup.isFast { properties.append("zookeeper.forceSync=no") }
        if let tls = setup.tls {
            // Java wants both in one file.
            let both = path + "/server.pem"
            let parts = [tls.server.key, tls.server.certificate]
            try parts.map { try String(contentsOfFile: $0, encoding: .utf8) }.joined().write(
                toFile: both, atomically: true, encoding: .utf8)
            lines += [
                "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory", "secureClientPort=\(tlsPort)",
                "ssl.keyStore.location=\(both)", "ssl.trustStore.location=\(tls.authority)",
            ]
        }
        if let member {
            lines += member.lines
            try "\(member.number)\n".write(toFile: path + "/myid", atomically: true, encoding: .utf8)
        }
        // The last of two lines counts.
        try (lines + setup.config).joined(separator: "\n").write(
            toFile: path + "/zoo.cfg", atomically: true, encoding: .utf8)
        let flags = setup.isFast ? ["-Xmx1g"] : ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        guardian = Guardian(
            "/usr/bin/java",
            flags + (properties + setup.properties).map { "-D" + $0 } + [
                "-cp", Self.classPath(jar), "org.apache.zookeeper.server.quorum.QuorumPeerMain", path + "/zoo.cfg",
            ])
    }

    /// Netty's TLS needs more of Netty than the jar's own list names.
    private static func classPath(_ jar: String) -> String {
        let folder = "/usr/share/java/"
        let more = ["slf4j-simple", "netty-all", "netty-codec", "netty-resolver", "netty-handler", "netty-common"]
        return ([jar] + more.map { folder + $0 + ".jar" }).joined(separator: ":")
    }

    static func configuration(_ servers: [ZooKeeperConfiguration.Server], tick: Duration) -> ZooKeeperConfiguration {
        var configuration = ZooKeeperConfiguration(servers: servers)
        configuration.tickTime = tick
        return configuration
    }

    deinit { guardian.kill() }

    /// `kill -9`, and waits until it is gone. Its port and folder stay its own.
    func kill() { guardian.kill() }

    /// Starts the process, on the same port and in the same folder.
    func launch() throws { try guardian.start() }

    /// Starts it, and waits until it serves.
    func start() async throws {
        try launch()
        try await serving()
    }

    /// It keeps its connections and answers nothing.
    func pause() { _ = Glibc.kill(pid, SIGSTOP) }
    func resume() { _ = Glibc.kill(pid, SIGCONT) }

    /// `standalone`, `leader`, `follower`, `read-only`; `nil` where it does not serve.
    var mode: String? {
        field("Mode", of: "srvr")
    }

    /// The last transaction that it has seen.
    var zxid: Int64? {
        field("Zxid", of: "srvr").flatMap { Int64($0.dropFirst(2), radix: 16) }
    }

    private func field(_ name: String, of word: String) -> String? {
        guard let text = try? ask(word) else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix(name + ": ") {
            return String(line.dropFirst(name.utf8.count + 2))
        }
        return nil
    }

    /// One of the four-letter words: `srvr`, `cons`, `dump` (sessions and their nodes), `wchs`, `mntr`, …
    func ask(_ word: String) throws -> String {
        let socket = try RawSocket(port: port)
        try socket.write(Array(word.utf8))
        return String(decoding: try socket.rest(), as: UTF8.self)
    }

    /// What it has to say for itself.
    var log: String { (try? String(contentsOfFile: folder.path + "/server.log", encoding: .utf8)) ?? "" }

    func serving(within bound: Duration = .seconds(40)) async throws {
        let path = folder.path
        try await eventually("the server serves; its log: \(path)/server.log", within: bound) {
            guard guardian.isAlive else { throw TestFailure("the server ended: \(log.suffix(2000))") }
            return mode != nil
        }
    }
}
#endif
