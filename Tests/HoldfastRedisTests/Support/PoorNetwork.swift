#if Redis
import Foundation
import Glibc
import ServerKit

@testable import HoldfastRedis

/// A server in a network of its own, behind one cable that loses packets or is narrow: by the kernel, so that TCP
/// does what it does.
///
/// Needs root, `ip` and `tc` (iproute2) and `iptables`. The network is gone with the server.
final class PoorNetwork: Sendable {
    let server: RedisServer
    private let host: String
    private let peer: String
    private let cable: (near: String, far: String)

    init() async throws {
        guard getuid() == 0 else { throw TestFailure("a network of its own needs root: run the tests as root") }
        server = try await RedisServer(config: "bind 0.0.0.0", "protected-mode no", launcher: ["unshare", "-n"])
        // Of the range for links: nobody routes it. Names and addresses are this process's own.
        let (high, low) = (Int.random(in: 16..<240), Int.random(in: 0..<64) * 4)
        (host, peer) = ("169.254.\(high).\(low + 1)", "169.254.\(high).\(low + 2)")
        let name = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        cable = ("hfn\(name)", "hff\(name)")
        try await Shell.output(
            "ip", "link", "add", cable.near, "type", "veth", "peer", "name", cable.far, "netns", "\(server.pid)")
        try await Shell.output("ip", "address", "add", host + "/30", "dev", cable.near)
        try await Shell.output("ip", "link", "set", cable.near, "up")
        try await inside("ip", "address", "add", peer + "/30", "dev", cable.far)
        try await inside("ip", "link", "set", cable.far, "up")
    }

    /// The server by its cable; its Unix socket is another way in, which loses nothing.
    var configuration: RedisConfiguration { RedisConfiguration(host: peer, port: server.port) }

    /// Loses so many packets of a hundred, in both directions.
    func lose(percent: Int) async throws {
        for chain in ["INPUT", "OUTPUT"] {
            try await inside(
                "iptables", "-A", chain, "-m", "statistic", "--mode", "random", "--probability",
                "\(Double(percent) / 100)", "-j", "DROP")
        }
    }

    /// Packets that were lost.
    func lost() async throws -> Int {
        let table = try await inside("iptables", "-L", "-n", "-v", "-x")
        return table.split(separator: "\n").filter { $0.contains("DROP") }.reduce(0) { sum, line in
            sum + (line.split(separator: " ").first.flatMap { Int($0) } ?? 0)
        }
    }

    /// Lets through so much, in each direction.
    func narrow(kilobits: Int) async throws {
        let shape = ["root", "tbf", "rate", "\(kilobits)kbit", "burst", "4kb", "latency", "800ms"]
        try await Shell.output(["tc", "qdisc", "add", "dev", cable.near] + shape)
        try await inside(["tc", "qdisc", "add", "dev", cable.far] + shape)
    }

    /// Lets all through again.
    func widen() async throws {
        try await Shell.output("tc", "qdisc", "del", "dev", cable.near, "root")
        try await inside("tc", "qdisc", "del", "dev", cable.far, "root")
    }

    @discardableResult
    private func inside(_ words: String...) async throws -> String { try await inside(words) }

    @discardableResult
    private func inside(_ words: [String]) async throws -> String {
        try await Shell.output(["nsenter", "-t", "\(server.pid)", "-n"] + words)
    }
}
#endif
