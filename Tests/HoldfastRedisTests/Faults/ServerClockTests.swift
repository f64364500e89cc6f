#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    /// The server's wall clock is set: lives are counted on it, and tokens come from it.
    @Suite(.timeLimit(.minutes(2))) struct ServerClockTests {
        private static let hour: Duration = .seconds(3600)

        private struct Stage {
            let clock: ServerClock
            let server: RedisServer

            init() async throws {
                clock = try await ServerClock()
                server = try await RedisServer(launcher: clock.launcher)
            }

            /// Sets it, and looks whether that took effect.
            func step(to offset: Duration) async throws {
                let before = try #require(try server.command("TIME").elements?[0].int)
                try clock.step(to: offset)
                try await eventually("the server's clock is another") {
                    let now = try server.command("TIME").elements?[0].int ?? 0
                    return abs(now - before) > 3000
                }
            }
        }

        @Test func `an hour forward costs the lease, which its holder learns at the next renewal`() async throws {
            let stage = try await Stage()
            try await stage.server.client { holder in
                try await stage.server.client { other in
                    let owned = try await holder.acquire("k")
                    let lease = owned.lease
                    async let next = token(of: other)
                    try await eventually("somebody waits") { try await other.claims().count == 2 }
                    let began = ContinuousClock.now
                    try await stage.step(to: Self.hour)
                    let loss = await lease.whenLost()
                    let took = ContinuousClock.now - began
                    #expect(loss == .removed && took < .milliseconds(1500), "\(loss as Any) after \(took)")
                    let token = try await next
                    #expect(token > lease.token)
                    try? await owned.release()
                    // And back: the counter keeps tokens rising.
                    try await stage.step(to: .zero)
                    let last = try await self.token(of: other)
                    #expect(last > token)
                }
            }
            #expect(try stage.server.keysLeft() == [])
        }

        @Test func `an hour back delays nobody who lives, and the dead are broken by hand`() async throws {
            let stage = try await Stage()
            try await stage.server.client { client in
                try await stage.server.running([RedisBackend(stage.server.configuration)]) { dead in
                    let claims = Claims()
                    let corpse = try claims.next("dead", life: .seconds(3))
                    try await dead[0].hold(corpse)
                    let owned = try await client.acquire("k")
                    let lease = owned.lease
                    async let next = token(of: client)
                    try await eventually("somebody waits") { try await client.claims(withPrefix: "k").count == 2 }
                    try await stage.step(to: .zero - Self.hour)
                    // A renewal makes its life its own again.
                    try await eventually("its life is what it was") {
                        try stage.server.command("PTTL", "lock:k").int ?? .max <= 3000
                    }
                    #expect(lease.isHeld)
                    try await owned.release()
                    let token = try await next
                    #expect(token > lease.token)

                    // Who died before would stand there for an hour: those who wait have their own bound.
                    let began = ContinuousClock.now
                    let error = try await lockError {
                        try await client.acquire("dead", wait: .upTo(.seconds(4))).release()
                    }
                    let took = ContinuousClock.now - began
                    #expect(error?.code == .timedOut && took < .seconds(6), "\(error as Any) after \(took)")
                    let stuck = try await client.claims(withPrefix: "dead")
                    #expect(stuck.count == 1 && stuck[0].remaining > .seconds(3000))
                    let removal = try await client.remove(corpse.id)
                    #expect(removal == .removed)
                    try await client.acquire("dead", wait: .upTo(.seconds(2))).release()
                    let findings = try await RedisBackend.examined(stage.server)
                    let clock = findings.first { $0.subject == "clock" }
                    #expect(clock?.weight == .notice && clock?.remedy != nil)
                }
            }
            #expect(try stage.server.keysLeft() == [])
        }

        @Test func `an hour back does not lengthen a peer's turn`() async throws {
            let stage = try await Stage()
            let claims = Claims()
            try await stage.server.backends {
                $0.handOffsPerPeerTurn = 1
            } _: { backends in
                let backend = backends[0]
                let all = try (0..<3).map { _ in try claims.next("k") }
                try await backend.hold(all[0])
                for claim in all.dropFirst() { try await backend.wait(claim) }
                _ = try await backend.remove(all[0].id)
                _ = try await backend.grant(of: all[1].id)
                // Left free for a moment, which is to be over an hour later now.
                _ = try await backend.remove(all[1].id)
                try stage.clock.step(to: .zero - Self.hour)
                try await eventually("the next one holds", within: .seconds(5)) { backend.holds(all[2].id) }
            }
        }

        @Test func `an hour back begins a quarantine anew, and no longer one`() async throws {
            let stage = try await Stage()
            try await stage.server.client(timeToLive: .seconds(1)) {
                $0.quarantine = .seconds(1)
            } _: { client in
                try await client.acquire("k", wait: .upTo(.seconds(5))).release()
                try await stage.step(to: .zero - Self.hour)
                let error = try await lockError { try await client.acquire("k", wait: .no).release() }
                #expect(error?.code == .unavailable)
                try await client.acquire("k", wait: .upTo(.seconds(5))).release()
            }
        }

        private func token(of client: LockClient) async throws -> FencingToken {
            let owned = try await client.acquire("k", wait: .upTo(.seconds(15)))
            let token = owned.lease.token
            try await owned.release()
            return token
        }
    }
}

extension RedisBackend {
    /// What an examination of a server finds.
    static func examined(_ server: RedisServer) async throws -> [Finding] {
        try await server.backends { try await $0[0].examine() }
    }
}
#endif
