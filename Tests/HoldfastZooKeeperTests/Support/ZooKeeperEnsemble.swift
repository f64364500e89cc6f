#if ZooKeeper
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// Three servers that elect a leader.
///
/// ```swift
/// let ensemble = try await ZooKeeperEnsemble()
/// ensemble.leader?.kill()
/// try await ensemble.serving()                                    // those that are alive have a leader again
/// ```
final class ZooKeeperEnsemble: Sendable {
    let members: [ZooKeeperServer]
    /// What each member reaches each other one's leadership by; empty where nothing stands between them.
    private let cables: [[Int: FaultProxy]]

    var configuration: ZooKeeperConfiguration {
        ZooKeeperServer.configuration(members.map(\.server), tick: members[0].tick)
    }

    /// - Parameter hasCables: whether ``cut(_:)`` is possible.
    init(_ setup: ZooKeeperServer.Setup = .init(), count: Int = 3, hasCables: Bool = false) async throws {
        let ports = try (0..<count).map { _ in (quorum: try FreePort.find(), election: try FreePort.find()) }
        var cables: [[Int: FaultProxy]] = []
        var members: [ZooKeeperServer] = []
        for own in 0..<count {
            var ends: [Int: FaultProxy] = [:]
            var lines = ["quorumListenOnAllIPs=false"]
            for (number, port) in ports.enumerated() {
                if hasCables, number != own { ends[number] = try await FaultProxy(to: port.quorum) }
                lines.append("server.\(number + 1)=127.0.0.1:\(ends[number]?.port ?? port.quorum):\(port.election)")
            }
            cables.append(ends)
            members.append(try ZooKeeperServer(setup, port: try FreePort.find(), member: (own + 1, lines)))
        }
        (self.cables, self.members) = (cables, members)
        for member in members { try member.launch() }
        for member in members { try await member.serving() }
    }

    var leader: ZooKeeperServer? { members.first { $0.mode == "leader" } }
    var followers: [ZooKeeperServer] { members.filter { $0.mode == "follower" } }

    /// The follower hears nothing from its leader and is not heard; each finds it out by the other's silence, after
    /// `syncLimit` ticks. Clients still reach both.
    func cut(_ follower: ZooKeeperServer) { flow(follower, .drop) }
    func mend(_ follower: ZooKeeperServer) { flow(follower, .pass) }

    private func flow(_ follower: ZooKeeperServer, _ flow: FaultProxy.Flow) {
        for (member, ends) in zip(members, cables) where member === follower {
            for cable in ends.values { (cable.requests, cable.replies) = (flow, flow) }
        }
    }

    /// Waits until so many members serve.
    func serving(_ count: Int = 2, within bound: Duration = .seconds(40)) async throws {
        try await eventually("\(count) members serve", within: bound) {
            leader != nil && followers.count >= count - 1
        }
    }
}
#endif
