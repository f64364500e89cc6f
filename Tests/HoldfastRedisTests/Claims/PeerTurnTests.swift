#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

@Suite struct PeerTurnTests {
    private let claims = Claims()

    /// Our clients hand the key on among themselves, while redis-py polls ten times a second.
    private func peerGetsIt(_ turns: Int, within seconds: Double) async throws -> Bool {
        let server = try await RedisServer()
        return try await server.backends {
            $0.handOffsPerPeerTurn = turns
        } _: { backends in
            let backend = backends[0]
            return try await withThrowingTaskGroup(of: Bool.self) { group in
                try await backend.hold(claims.next("warm"))
                for _ in 0..<8 {
                    group.addTask {
                        // Ends by its cancellation.
                        while (try? await turn(backend)) != nil {}
                        return false
                    }
                }
                group.addTask {
                    // The tasks above wait already.
                    try await eventually("a queue") { try server.command("EXISTS", "{lock:k}:hf:z").int == 1 }
                    return try await RedisPy(server: server).acquire("lock:k", within: seconds) != nil
                }
                var got = false
                while let answer = try await group.next() {
                    got = got || answer
                    group.cancelAll()
                }
                return got
            }
        }
    }

    private func turn(_ backend: RedisBackend) async throws {
        let claim = try claims.next("k")
        if case .waiting = try await backend.place(claim, .always) { _ = try await backend.grant(of: claim.id) }
        // How long each holds it.
        try await Task.sleep(for: .milliseconds(2))
        _ = try await backend.remove(claim.id)
    }

    @Test func `a peer that polls gets its turn where turns are asked for`() async throws {
        let got = try await peerGetsIt(20, within: 10)
        #expect(got)
    }

    @Test func `without turns a peer that polls waits until our queue is empty`() async throws {
        let got = try await peerGetsIt(0, within: 1)
        #expect(!got)
    }
}
#endif
