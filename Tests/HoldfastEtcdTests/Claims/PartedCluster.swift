#if Etcd
import Glibc
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Three members on one wire, each in a network of its own, so that the wire can be cut for one of them while clients
/// still reach it.
///
/// Needs root, `ip` (iproute2), `iptables` and `nsenter`. The networks are gone with the processes in them.
final class PartedCluster: Sendable {
    private static let port = 2379
    private static let peerPort = 2380

    /// The bridge's network, which holds the wire.
    private let hub: Guardian
    private let members: [Guardian]
    private let folders: [ScratchFolder]
    private let net: String

    var configuration: EtcdConfiguration {
        EtcdConfiguration(endpoints: members.indices.map { .init(host: address($0), port: Self.port) })
    }

    /// Clients of one member alone.
    func configuration(of member: Int) -> EtcdConfiguration {
        EtcdConfiguration(host: address(member), port: Self.port)
    }

    private func address(_ member: Int) -> String { "\(net).\(11 + member)" }

    init() async throws {
        guard getuid() == 0 else { throw TestFailure("to cut networks the tests must run as root") }
        let number = Int.random(in: 0..<65_536)
        let net = "10.\(100 + number % 100).\(number / 256)"
        self.net = net
        hub = Guardian("/usr/bin/unshare", ["-n", "sleep", "infinity"])
        try hub.start()
        let folders = try (0..<3).map { _ in try ScratchFolder() }
        self.folders = folders
        members = (0..<3).map { member in
            let peer = "http://\(net).\(11 + member):\(Self.peerPort)"
            let client = "http://\(net).\(11 + member):\(Self.port)"
            return Guardian(
                "/usr/bin/unshare",
                [
                    "-n", "/usr/bin/etcd", "--name", "m\(member)", "--data-dir", folders[member].path + "/data",
                    "--listen-client-urls", "http://0.0.0.0:\(Self.port)", "--advertise-client-urls", client,
                    "--listen-peer-urls", "http://0.0.0.0:\(Self.peerPort)", "--initial-advertise-peer-urls", peer,
                    "--initial-cluster",
                    (0..<3).map { "m\($0)=http://\(net).\(11 + $0):\(Self.peerPort)" }.joined(separator: ","),
                    "--initial-cluster-token", "parted\(number)", "--logger", "zap", "--log-outputs",
                    folders[member].path + "/server.log",
                ])
        }
        try await wire(number)
        for member in members.indices { try await ready(member) }
    }

    private func wire(_ number: Int) async throws {
        try await Self.settled(hub.pid)
        let near = "hf\(number)"
        try await Shell.output("ip", "link", "add", near, "type", "veth", "peer", "name", "out", "netns", "\(hub.pid)")
        try await Shell.output("ip", "addr", "add", "\(net).1/24", "dev", near)
        try await Shell.output("ip", "link", "set", near, "up")
        try await inside(hub, "ip", "link", "add", "wire", "type", "bridge")
        try await inside(hub, "ip", "link", "set", "wire", "up")
        try await plug("out")
        for (member, guardian) in members.enumerated() {
            try guardian.start()
            try await Self.settled(guardian.pid)
            try await inside(
                hub, "ip", "link", "add", "m\(member)", "type", "veth", "peer", "name", "eth0", "netns",
                "\(guardian.pid)")
            try await plug("m\(member)")
            try await inside(guardian, "ip", "addr", "add", address(member) + "/24", "dev", "eth0")
            try await inside(guardian, "ip", "link", "set", "lo", "up")
            try await inside(guardian, "ip", "link", "set", "eth0", "up")
        }
    }

    private func plug(_ end: String) async throws {
        try await inside(hub, "ip", "link", "set", end, "master", "wire")
        try await inside(hub, "ip", "link", "set", end, "up")
    }

    /// Waits until a process has its own network.
    private static func settled(_ pid: pid_t) async throws {
        let own = try await Shell.output("readlink", "/proc/self/ns/net")
        try await eventually("the process has a network of its own") {
            try await Shell.output("readlink", "/proc/\(pid)/ns/net") != own
        }
    }

    private func ready(_ member: Int) async throws {
        let log = folders[member].path + "/server.log"
        try await eventually("member \(member) serves; its log: \(log)", within: .seconds(30)) {
            let endpoint = "http://\(address(member)):\(Self.port)"
            return (try? await EtcdControl.output(endpoints: endpoint, ["endpoint", "health"])) != nil
        }
    }

    @discardableResult
    private func inside(_ guardian: Guardian, _ words: String...) async throws -> String {
        try await Shell.output(["nsenter", "-t", "\(guardian.pid)", "-n"] + words)
    }

    /// The member that leads.
    func leader() async throws -> Int {
        for member in members.indices {
            let endpoint = "http://\(address(member)):\(Self.port)"
            guard
                let text = try? await EtcdControl.output(
                    endpoints: endpoint, ["endpoint", "status", "-w", "fields"])
            else { continue }
            func field(_ name: String) -> Substring? {
                text.split(separator: "\n").first { $0.hasPrefix("\"\(name)\" :") }?.split(separator: " ").last
            }
            if let own = field("MemberID"), own == field("Leader") { return member }
        }
        throw TestFailure("no member leads")
    }

    /// No packet passes between one member and these others, or all; clients still reach it.
    func cut(_ member: Int, off others: [Int]? = nil) async throws { try await change(member, others, "-A") }
    func heal(_ member: Int, with others: [Int]? = nil) async throws { try await change(member, others, "-D") }

    private func change(_ member: Int, _ others: [Int]?, _ verb: String) async throws {
        for other in others ?? members.indices.filter({ $0 != member }) {
            try await inside(members[member], "iptables", verb, "INPUT", "-s", address(other), "-j", "DROP")
            try await inside(members[member], "iptables", verb, "OUTPUT", "-d", address(other), "-j", "DROP")
        }
    }

    deinit {
        for member in members { member.kill() }
        hub.kill()
    }
}
#endif
