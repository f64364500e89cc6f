#if ZooKeeper
import Holdfast
import NIOCore
import ServerKit
import Testing

@testable import HoldfastZooKeeper

extension OneAtATime {
    struct EnsembleTests {
        /// On the leader and on a follower, with others writing at the same time.
        @Test func `the number that a multi answers with is the creation's, on every server`() async throws {
            let ensemble = try await ZooKeeperEnsemble()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, member) in ensemble.members.enumerated() {
                    group.addTask {
                        try await member.configuration.session { session in
                            for number in 0..<200 {
                                let path = "/\(index)-\(number)"
                                let (results, zxid) = try await session.multi([
                                    .create(path: path, mode: .ephemeral),
                                    .create(path: path + "x-", mode: .ephemeralSequential),
                                ])
                                try #require(results.count == 2)
                                let stat = try await session.exists(path)
                                try #require(stat?.czxid == zxid)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        @Test(arguments: [true, false])
        func `a session outlives a member`(isLeader: Bool) async throws {
            let ensemble = try await ZooKeeperEnsemble()
            let victim = try #require(isLeader ? ensemble.leader : ensemble.followers.first)
            let session = ZooKeeperSession(
                configuration: ensemble.configuration, sessionTimeout: .seconds(10))
            try await session.running { session in
                let (path, _) = try await session.create("/mine-", .ephemeralSequential)
                let id = session.id
                victim.kill()
                try await eventually("served again", within: .seconds(20)) {
                    let stat = try? await session.exists(path)
                    return stat?.ephemeralOwner == id
                }
                #expect(session.id == id)
                // The others may be at their election still, and change once more.
                try await eventually("a node is made", within: .seconds(20)) {
                    guard let (next, _) = try? await session.create("/mine-", .ephemeralSequential) else {
                        return false
                    }
                    return next > path
                }
                try await victim.start()
            }
        }

        @Test func `without a quorum nothing is answered, and with it the session goes on`() async throws {
            let ensemble = try await ZooKeeperEnsemble()
            let configuration = ensemble.configuration
            try await configuration.session(.seconds(10)) { session in
                _ = try await session.create("/mine", .ephemeral)
                let id = session.id
                let victims = Array(ensemble.members.prefix(2))
                for victim in victims { victim.kill() }
                // A leader that has just lost the others may still answer a sync, for a tick; a write it may not.
                let error = await failure { () throws(ZooKeeperError) in try await session.create("/no", .persistent) }
                #expect(error?.lockError.code == .unavailable && error?.isOutcomeUnknown == true)
                for victim in victims { try victim.launch() }
                try await eventually("served again", within: .seconds(30)) {
                    do throws(ZooKeeperError) {
                        return try await session.exists("/mine")?.ephemeralOwner == id
                    } catch {
                        return false
                    }
                }
                #expect(session.id == id)
            }
        }

        @Test func `a member that is cut off from the others is left`() async throws {
            let ensemble = try await ZooKeeperEnsemble()
            var bounds = ZooKeeperBounds()
            bounds.requestTimeout = .milliseconds(500)
            bounds.silence = .seconds(1)
            try await ensemble.configuration.session(.seconds(8), bounds: bounds) { session in
                _ = try await session.create("/mine", .ephemeral)
                // Frozen: it keeps the connection and says nothing.
                let frozen = try #require(
                    ensemble.members.first { (try? $0.ask("cons").contains("sid=0x\(hex(session.id))")) == true })
                frozen.pause()
                defer { frozen.resume() }
                try await eventually("served by another one", within: .seconds(8)) {
                    (try? await session.exists("/mine")) != nil
                }
                #expect(session.connections == 2)
            }
        }

        /// Why no deadline may count from a ping.
        @Test func `a follower that has lost its leader answers pings, and no sync`() async throws {
            var setup = ZooKeeperServer.Setup()
            setup.config = ["syncLimit=24"]
            let ensemble = try await ZooKeeperEnsemble(setup, hasCables: true)
            let (leader, lost) = (try #require(ensemble.leader), try #require(ensemble.followers.first))
            try await lost.configuration.session(.seconds(3)) { session in
                _ = try await session.create("/mine", .ephemeral)
                try await session.sync("/")
                ensemble.cut(lost)
                try await leader.configuration.session { witness in
                    try await eventually("the leader has given the session up", within: .seconds(8)) {
                        try await witness.exists("/mine") == nil
                    }
                }
                let pings = session.requestsSent[.ping] ?? 0
                try await eventually("it pings on", within: .seconds(4)) {
                    (session.requestsSent[.ping] ?? 0) >= pings + 2
                }
                let mine = try await session.exists("/mine")
                #expect(mine?.ephemeralOwner == session.id, "a read shows what is past")
                #expect(session.state.isConnected && session.connections == 1)
                let error = await failure { () throws(ZooKeeperError) in try await session.sync("/") }
                #expect(error?.lockError.code == .unavailable)
                ensemble.mend(lost)
                try await eventually("it is over", within: .seconds(20)) { session.state.isFinal }
                guard case .expired = session.state else { throw TestFailure("\(session.state)") }
            }
        }

        private func hex(_ id: Int64) -> String { String(UInt64(bitPattern: id), radix: 16) }
    }
}
#endif
