#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

@Suite struct QuarantineTests {
    private static let quarantine: Duration = .milliseconds(1500)
    private let claims = Claims()

    private func expectQuarantine(_ backend: RedisBackend) async throws {
        let error = await #expect(throws: LockError.self) { _ = try await backend.place(claims.next("q"), .always) }
        #expect(error?.code == .unavailable, "\(String(describing: error))")
        #expect(error?.message.contains("nothing is granted") == true)
    }

    private func expectCalm(_ backend: RedisBackend) async throws {
        try await eventually("the quarantine is over", within: .seconds(5)) {
            let claim = try claims.next("k", life: .seconds(1))
            guard (try? await backend.place(claim, .always))?.token != nil else { return false }
            return try await backend.remove(claim.id) == .removed
        }
    }

    @Test(arguments: ["restart", "flush"])
    func `after a loss of data nothing is granted while a claim may live`(_ loss: String) async throws {
        let server = try await RedisServer()
        try await server.backends(2) {
            $0.quarantine = Self.quarantine
        } _: { backends in
            // A new server cannot know that it is one.
            try await expectQuarantine(backends[0])
            try await expectCalm(backends[0])
            try await expectCalm(backends[1])
            let holder = try claims.next("k", life: .seconds(1))
            try await backends[0].hold(holder)
            if loss == "restart" { try await server.restart() } else { try server.command("FLUSHALL") }
            let start = ContinuousClock.now
            try await eventually("the server answers") {
                do {
                    let placement = try await backends[1].place(claims.next("k", life: .seconds(1)), .ifFree)
                    throw TestFailure("\(placement) in the quarantine")
                } catch let error as LockError { return error.message.contains("nothing is granted") }
            }
            try await expectCalm(backends[1])
            let took = ContinuousClock.now - start
            #expect(took > .seconds(1), "calm after \(took)")
        }
    }

    @Test func `no claim may outlive a quarantine`() async throws {
        let server = try await RedisServer()
        var configuration = server.configuration
        configuration.quarantine = .seconds(60)
        let backend = try RedisBackend(configuration)
        #expect(backend.capabilities.longestTimeToLive == .seconds(60))
    }
}
#endif
