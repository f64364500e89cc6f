#if Etcd
import Foundation
import Glibc
import ServerKit
import Testing

@testable import HoldfastEtcd

/// One member of a real etcd cluster, on free ports, in a folder of its own; gone with this object, and with the test
/// process.
///
/// ```swift
/// let server = try await EtcdServer("--quota-backend-bytes", "16777216")
/// let link = EtcdLink(configuration: server.configuration)
/// ```
final class EtcdServer: Sendable {
    /// What a member is told of itself and the others.
    struct Plan: Sendable {
        let name: String
        let port: Int
        let peerPort: Int

        static func free(_ name: String) throws -> Plan {
            Plan(name: name, port: try FreePort.find(), peerPort: try FreePort.find())
        }
    }

    let name: String
    let port: Int
    let folder: ScratchFolder
    private let guardian: Guardian

    var pid: pid_t { guardian.pid }
    var isAlive: Bool { guardian.isAlive }
    var log: String { folder.path + "/server.log" }
    var configuration: EtcdConfiguration { EtcdConfiguration(host: "127.0.0.1", port: port) }

    /// Starts a cluster of one, and waits until it answers.
    ///
    /// - Parameters:
    ///   - flags: of etcd.
    ///   - tls: certificates; the server then speaks nothing but TLS, and wants the client's where `wantsClient`.
    convenience init(_ flags: String..., tls: TestCertificates? = nil, wantsClient: Bool = false) async throws {
        var last: (any Error)?
        // Somebody else may take the free port first.
        for _ in 0..<5 {
            do {
                let plan = try Plan.free("one")
                try self.init(plan, of: [plan], flags, tls, wantsClient)
                try start()
                try await ready()
                return
            } catch {
                last = error
            }
        }
        throw last ?? TestFailure("no server")
    }

    /// A member that is not started yet.
    init(_ plan: Plan, of cluster: [Plan], _ flags: [String], _ tls: TestCertificates?, _ wantsClient: Bool) throws {
        let path = ProcessInfo.processInfo.environment["HOLDFAST_TEST_ETCD"] ?? "/usr/bin/etcd"
        guard access(path, X_OK) == 0 else { throw TestFailure("no \(path): apt-get install etcd-server") }
        name = plan.name
        port = plan.port
        folder = try ScratchFolder()
        let client = "\(tls == nil ? "http" : "https")://127.0.0.1:\(plan.port)"
        let peer = "http://127.0.0.1:\(plan.peerPort)"
        var words = [
            "--name", plan.name, "--data-dir", folder.path + "/data", "--listen-client-urls", client,
            "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", cluster.map { "\($0.name)=http://127.0.0.1:\($0.peerPort)" }.joined(separator: ","),
            "--initial-cluster-token", cluster.map { "\($0.peerPort)" }.joined(separator: "-"), "--logger", "zap",
            "--log-outputs", folder.path + "/server.log",
        ]
        if let tls {
            words += ["--cert-file", tls.server.certificate, "--key-file", tls.server.key]
            if wantsClient { words += ["--client-cert-auth", "--trusted-ca-file", tls.authority] }
        }
        guardian = Guardian(path, words + flags)
    }

    deinit { guardian.kill() }

    /// Starts it, on the same ports and in the same folder, and does not wait.
    func start() throws {
        // What it says next is of this run.
        try? FileManager.default.removeItem(atPath: log)
        try guardian.start()
    }

    /// `kill -9`, and waits until it is gone. Its ports and folder stay its own.
    func kill() { guardian.kill() }

    /// `SIGTERM`: it says goodbye to its clients. ``kill()`` or ``start()`` clears what is left.
    func terminate() { _ = Glibc.kill(pid, SIGTERM) }

    /// It keeps its connections and answers nothing.
    func pause() { _ = Glibc.kill(pid, SIGSTOP) }
    func resume() { _ = Glibc.kill(pid, SIGCONT) }

    func restart() async throws {
        kill()
        try start()
        try await ready()
    }

    /// Waits until it serves.
    func ready(within bound: Duration = .seconds(20)) async throws {
        try await eventually("etcd serves; its log: \(log)", within: bound) {
            guard isAlive else { throw TestFailure("etcd ended: \(logTail)") }
            return (try? String(contentsOfFile: log, encoding: .utf8))?.contains("serving client traffic")
                == true
                && canConnect
        }
    }

    private var logTail: String {
        (try? String(contentsOfFile: log, encoding: .utf8)).map { String($0.suffix(800)) } ?? "without a word"
    }

    private var canConnect: Bool {
        let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// A number that the server counts: of `etcd_debugging_mvcc_` and this name.
    func metric(_ name: String) async throws -> Int? {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)/metrics"))
        let text = try await Shell.output("curl", "-s", url.absoluteString)
        let line = text.split(separator: "\n").first { $0.hasPrefix("etcd_debugging_mvcc_\(name) ") }
        return line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) }
    }

    /// Runs `etcdctl` against this member alone.
    @discardableResult
    func control(_ words: String...) async throws -> String {
        try await EtcdControl.output(endpoints: "http://127.0.0.1:\(port)", words)
    }
}

/// The command line of etcd, for what tests do beside the code under test.
enum EtcdControl {
    static let path = "/usr/bin/etcdctl"

    @discardableResult
    static func output(endpoints: String, _ words: [String]) async throws -> String {
        guard access(path, X_OK) == 0 else { throw TestFailure("no \(path): apt-get install etcd-client") }
        return try await Shell.output(["env", "ETCDCTL_API=3", path, "--endpoints", endpoints] + words)
    }
}
#endif
