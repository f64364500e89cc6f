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

    var configuration: ZooKeeperConfiguration {
        ZooKeeperServer.configuration(members.map(\.server), tick: members[0].tick)
    }

    init(_ setup: ZooKeeperServer.Setup = .init(), count: Int = 3) async throws {
        var lines = ["quorumListenOnAllIPs=false"]
        for number in 1...count {
            lines.append("server.\(number)=127.0.0.1:\(try FreePort.find()):\(try FreePort.find())")
        }
        members = try (1...count).map { number in
            try ZooKeeperServer(setup, port: try FreePort.find(), member: (number, lines))
        }
        for member in members { try member.launch() }
        for member in members { try await member.serving() }
    }

    var leader: ZooKeeperServer? { members.first { $0.mode == "leader" } }
    var followers: [ZooKeeperServer] { members.filter { $0.mode == "follower" } }

    /// Waits until so many members serve.
    func serving(_ count: Int = 2, within bound: Duration = .seconds(40)) async throws {
        try await eventually("\(count) members serve", within: bound) {
            leader != nil && followers.count >= count - 1
        }
    }
}
#endif
