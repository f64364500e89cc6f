#if Etcd
import Glibc
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Several members of one cluster, on this machine.
///
/// ```swift
/// let cluster = try await EtcdCluster()
/// try await cluster.leader().pause()
/// ```
final class EtcdCluster: Sendable {
    let members: [EtcdServer]

    var configuration: EtcdConfiguration { EtcdConfiguration(endpoints: members.flatMap(\.configuration.endpoints)) }
    /// For `etcdctl`.
    var endpoints: String { members.map { "http://127.0.0.1:\($0.port)" }.joined(separator: ",") }

    /// Starts the members, and waits until they have a leader.
    ///
    /// - Parameter flags: of etcd, the same for all.
    init(of count: Int = 3, _ flags: String...) async throws {
        var last: (any Error)?
        for _ in 0..<5 {
            do {
                let plans = try (0..<count).map { try EtcdServer.Plan.free("m\($0)") }
                let members = try plans.map { try EtcdServer($0, of: plans, flags, nil, false) }
                for member in members { try member.start() }
                for member in members { try await member.ready(within: .seconds(30)) }
                self.members = members
                return
            } catch {
                last = error
            }
        }
        throw last ?? TestFailure("no cluster")
    }

    /// The member that leads now, as one of those that answer says.
    func leader(within bound: Duration = .seconds(20)) async throws -> EtcdServer {
        let found = Found<EtcdServer>()
        try await eventually("the cluster has a leader", within: bound) {
            for member in members where member.isAlive {
                guard let text = try? await member.control("endpoint", "status", "-w", "fields") else { continue }
                func field(_ name: String) -> String? {
                    text.split(separator: "\n").first { $0.hasPrefix("\"\(name)\" :") }
                        .map { String($0.drop { $0 != ":" }.dropFirst(2)) }
                }
                if let own = field("MemberID"), own == field("Leader") {
                    found.value = member
                    return true
                }
            }
            return false
        }
        return try #require(found.value)
    }

    /// The members but one.
    func others(than member: EtcdServer) -> [EtcdServer] { members.filter { $0 !== member } }

    @discardableResult
    func control(_ words: String...) async throws -> String {
        try await EtcdControl.output(endpoints: endpoints, words)
    }
}
#endif
