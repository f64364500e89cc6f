#if Etcd
import Holdfast
import HoldfastTesting
import ServerKit
import Synchronization
import Testing

@testable import HoldfastEtcd

/// Keys that are used again: whose they are, and that nothing late meets another's claim.
extension OneAtATime {
    @Suite(.timeLimit(.minutes(1))) struct NameReuseTests {
        private let claims = Claims()

        /// The server keeps every deleted name until it compacts, and reads past all of them.
        @Test func `a lock that is taken again and again makes no new names`() async throws {
            let corner = try await Corner()
            try await corner.backends { backends in
                backends[0].soleClient.store(claims.client, ordering: .relaxed)
                var names: Set<[String]> = []
                var tokens: [Int64] = []
                for _ in 0..<20 {
                    let claim = try claims.next("k")
                    tokens.append(try await backends[0].hold(claim).rawValue)
                    names.insert(try await corner.left())
                    let listed = try await backends[0].claims(withPrefix: "", limit: 10)
                    #expect(listed.map(\.id) == [claim.id])
                    let removal = try await backends[0].remove(claim.id)
                    #expect(removal == .removed)
                }
                #expect(names.count == 1, "\(names)")
                #expect(tokens == tokens.sorted() && Set(tokens).count == tokens.count)
            }
        }

        @Test func `a contended lock makes as many names as it has tasks, and hands on all the same`() async throws {
            let corner = try await Corner()
            let backend = try corner.backend()
            try await LockClient.withClient(backend: backend) { locks in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<8 {
                        group.addTask {
                            for turn in 0..<40 {
                                // Some give up while they wait, and their names go to others behind them.
                                let isHasty = (turn + worker) % 3 == 0
                                do throws(LockError) {
                                    try await locks.acquire("k", wait: .upTo(.milliseconds(isHasty ? 3 : 30_000)))
                                        .release()
                                } catch { #expect(error.code == .timedOut && isHasty, "\(error)") }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                try await eventually("nothing is left") { try await corner.left() == [] }
                let spares = backend.roster.update { $0.spares.values.flatMap { $0 } }
                #expect((1...64).contains(spares.count) && Set(spares).count == spares.count, "\(spares.count)")
            }
        }

        @Test func `a claim that others may have placed keeps its own name`() async throws {
            let corner = try await Corner()
            try await corner.backends(2) { backends in
                let (first, second) = (try claims.next("k"), try claims.next("k"))
                try await backends[0].hold(first)
                _ = try await backends[0].remove(first.id)
                let token = try await backends[1].hold(second)
                let same = try await backends[0].hold(second)
                let names = try await corner.left()
                #expect(same == token && names == ["k/\(second.id)"])
                _ = try await backends[1].remove(second.id)
            }
        }

        @Test func `who names a claim that is gone does not meet the one that has its name`() async throws {
            let corner = try await Corner()
            try await corner.backends(2) { backends in
                backends[0].soleClient.store(claims.client, ordering: .relaxed)
                let (old, new) = (try claims.next("k"), try claims.next("k"))
                try await backends[0].hold(old)
                // It is known there now, with its place.
                let listed = try await backends[1].claims(withPrefix: "", limit: 10)
                #expect(listed.map(\.id) == [old.id])
                let name = try await corner.left()
                _ = try await backends[0].remove(old.id)
                try await backends[0].hold(new)
                let same = try await corner.left()
                #expect(same == name && name.count == 1)
                let removal = try await backends[1].remove(old.id)
                let asked = try await backends[1].ask(old.id)
                let extended = try await backends[1].extend([old.id], for: .seconds(30))
                #expect(removal == .absent && asked == .absent && extended.gone == [old.id])
                let now = try await backends[1].claims(withPrefix: "", limit: 10)
                #expect(now.map(\.id) == [new.id])
                let other = try await backends[1].remove(new.id)
                #expect(other == .removed)
            }
        }

        @Test func `a name is not used again whose removal may yet be executed`() async throws {
            let corner = try await Corner()
            let proxy = try await FaultProxy(to: corner.server.port)
            var through = corner
            through.configuration.endpoints = proxy.configuration.endpoints
            through.configuration.requestTimeout = .milliseconds(300)
            try await through.backends { backends in
                backends[0].soleClient.store(claims.client, ordering: .relaxed)
                let (first, second) = (try claims.next("k"), try claims.next("k"))
                try await backends[0].hold(first)
                let name = try await corner.left()
                proxy.requests = .hold
                let error = await failure { () async throws(LockError) in try await backends[0].remove(first.id) }
                #expect(error?.code == .unavailable)
                proxy.requests = .pass
                try await eventually("it is removed") { (try? await backends[0].remove(first.id)) != nil }
                try await backends[0].hold(second)
                let other = try await corner.left()
                #expect(other.count == 1 && other != name)
                _ = try await backends[0].remove(second.id)
            }
        }
    }
}
#endif
