#if Etcd
import Holdfast
import Testing

@testable import HoldfastEtcd

/// How long what shares a lease lives: no server, and no time passes.
@Suite struct RecordLeasesTests {
    /// A server that grants what is asked for, but no less than `shortest`, and takes `delay` for it.
    private final class Server {
        let leases: RecordLeases
        var shortest: Duration = .seconds(2)
        var delay: Duration = .zero
        private(set) var ends: [Int64: Duration] = [:]

        init(leasesLimit: Int = 4, usesLimit: Int = 1_000) {
            leases = RecordLeases(leasesLimit: leasesLimit, usesLimit: usesLimit)
        }

        /// - Returns: the lease, and until when it lives.
        func write(_ life: Duration, now: Duration) -> (id: Int64, endsAt: Duration) {
            switch leases.take(for: life, now: now) {
            case .lease(let id): return (id, ends[id] ?? .zero)
            case .wait: preconditionFailure("nobody else asks")
            case .grant(let seconds):
                let id = Int64(ends.count + 1)
                let granted = max(.seconds(seconds), shortest)
                ends[id] = now + delay + granted
                leases.granted(seconds, .success((id, granted, now)))
                return (id, now + delay + granted)
            }
        }
    }

    @Test(arguments: [Duration.seconds(1), .milliseconds(1_500), .seconds(7), .seconds(60), .seconds(86_400 * 365)])
    func `a record lives its life at least, and a quarter and a second more at most`(_ life: Duration) {
        let server = Server()
        server.delay = .milliseconds(100)
        let longest = max(life + life / 4 + .seconds(1), server.shortest) + server.delay
        for step in 0..<200 {
            let now = life / 40 * step
            let left = server.write(life, now: now).endsAt - now
            #expect((life...longest).contains(left), "\(left) of \(life)")
        }
        // One in a quarter of the life, and the first.
        #expect((4...21).contains(server.ends.count), "\(server.ends.count) leases")
    }

    @Test func `lives that are a little shorter share the lease`() {
        let server = Server()
        let ids = [60, 65, 70, 74].map { server.write(.seconds($0), now: .zero).id }
        #expect(Set(ids) == [1])
        #expect(server.write(.seconds(40), now: .zero).id == 2)
        #expect(server.write(.seconds(90), now: .zero).id == 3)
    }

    @Test func `where the server grants no less, that is shared all the same`() {
        let server = Server()
        server.shortest = .seconds(20)
        for step in 0..<19 { #expect(server.write(.seconds(1), now: .seconds(step)).id == 1) }
        #expect(server.write(.seconds(1), now: .seconds(20)).id == 2)
    }

    @Test func `a lease takes so many records and no more`() {
        let server = Server(usesLimit: 10)
        let ids = (0..<30).map { _ in server.write(.seconds(60), now: .zero).id }
        let expected = [1, 2, 3].flatMap { [Int64](repeating: $0, count: 10) }
        #expect(ids == expected)
        // What came to nothing leaves its place to another.
        server.leases.giveBack(2)
        #expect(server.write(.seconds(60), now: .zero).id == 2)
    }

    @Test func `of too many leases the oldest is forgotten, and one that is lost at once`() {
        let server = Server(leasesLimit: 2)
        for life in [10, 100, 1_000] { _ = server.write(.seconds(life), now: .zero) }
        #expect(server.write(.seconds(100), now: .zero).id == 2)
        #expect(server.write(.seconds(10), now: .zero).id == 4)
        server.leases.forget(4)
        #expect(server.write(.seconds(10), now: .zero).id == 5)
    }

    @Test func `what is asked for meanwhile waits once, and then asks itself`() async throws {
        let leases = RecordLeases(leasesLimit: 4, usesLimit: 10)
        #expect(leases.take(for: .seconds(60), now: .zero) == .grant(75))
        #expect(leases.take(for: .seconds(60), now: .zero) == .wait(75))
        async let waited: Void = leases.whenGranted(75)
        leases.granted(75, .success((7, .seconds(75), .zero)))
        try await waited
        #expect(leases.take(for: .seconds(60), now: .seconds(1), mayWait: false) == .lease(7))
        #expect(leases.unused == [])
        leases.giveBack(7)
        leases.giveBack(7)
        #expect(leases.unused == [7])
        #expect(leases.take(for: .seconds(60), now: .seconds(16)) == .grant(75))
        #expect(leases.take(for: .seconds(60), now: .seconds(16), mayWait: false) == .grant(75))
        leases.granted(75, .failure(LockError(.unavailable, "no answer")))
        #expect(leases.take(for: .seconds(60), now: .seconds(16)) == .grant(75))
    }
}
#endif
