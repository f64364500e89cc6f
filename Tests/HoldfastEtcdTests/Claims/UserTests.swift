#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Locks of a user who may do nothing but read and write what begins with the prefix.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(1))) struct UserTests {
        private let claims = Claims()

        private func confined(_ flags: String) async throws -> Corner {
            let server = try await EtcdServer("--auth-token-ttl", flags)
            try await server.enableUsers()
            var corner = try await Corner(server)
            corner.configuration.prefix = "lock/"
            corner.configuration.credentials = .init(user: "locks", password: "SeCrEt")
            return corner
        }

        @Test func `a user of the prefix alone can do all that locks need`() async throws {
            let corner = try await confined("300")
            try await corner.backends(2) { backends in
                let (holder, waiter) = try (claims.next("k"), claims.next("k"))
                try await backends[0].hold(holder)
                try await backends[1].wait(waiter)
                async let grant = backends[1].grant(of: waiter.id)
                let listed = try await backends[1].claims(withPrefix: "", limit: 10)
                #expect(listed.map(\.id) == [holder.id, waiter.id])
                _ = try await backends[1].ask(holder.id)
                let outcome = try await backends[0].extend([holder.id], for: .seconds(60))
                #expect(outcome.gone.isEmpty && outcome.asked == [holder.id])
                let findings = try await backends[0].examine()
                #expect(findings.contains { $0.subject == "users" && $0.weight == .fine })
                let noted = try await backends[0].annotate(holder.id, with: ClaimNote("mine"))
                #expect(noted == .removed)
                let records = try #require(backends[0].records)
                for life in [Duration?.none, .seconds(60)] {
                    let key = LockKey("r")
                    guard
                        case .written(let version) = try await records.write(
                            [1], to: key, expecting: nil, timeToLive: life)
                    else { throw TestFailure("there was one") }
                    let read = try await records.read(key)
                    #expect(read == Record(value: [1], version: version))
                    let isDeleted = try await records.delete(key, expecting: version)
                    #expect(isDeleted)
                }
                _ = try await backends[0].remove(holder.id)
                _ = try await grant
                _ = try await backends[1].remove(waiter.id)
            }
        }

        @Test func `tokens that end cost no grant`() async throws {
            let corner = try await confined("1")
            var bounds = EtcdBounds()
            bounds.freshToken = .milliseconds(500)
            try await corner.backends(2, link: bounds) { backends in
                let (holder, early, late) = try (claims.next("k"), claims.next("k"), claims.next("k"))
                try await backends[0].hold(holder)
                try await backends[1].wait(early)
                async let first = backends[1].grant(of: early.id)
                // Ended by the server, which looks every second, when they were not used for one.
                try await ContinuousClock().sleep(for: .seconds(4))
                try await backends[1].wait(late)
                _ = try await backends[0].remove(holder.id)
                _ = try await first
                #expect(backends[0].link.requestsSent.unary[.authenticate, default: 0] == 2)
                // Watched from now on, on a stream that began with a token that is over.
                let third = try claims.next("other")
                try await backends[0].hold(third)
                let fourth = try claims.next("other")
                try await backends[1].wait(fourth)
                async let second = backends[1].grant(of: fourth.id)
                try await ContinuousClock().sleep(for: .seconds(4))
                _ = try await backends[0].remove(third.id)
                _ = try await second
                _ = try await backends[1].remove(early.id)
                _ = try await backends[1].grant(of: late.id)
            }
        }
    }
}
#endif
