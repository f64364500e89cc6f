#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Outcomes that nobody knows, and what the store loses or refuses.
@Suite struct ClaimFaultTests {
    private let claims = Claims()

    private func through(_ proxy: FaultProxy, _ corner: Corner) -> Corner {
        var corner = corner
        corner.configuration.endpoints = proxy.configuration.endpoints
        return corner
    }

    @Test func `a place whose answer is lost can be placed again, and lives from the first sending`() async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        try await through(proxy, corner).backends(link: .short) { backends in
            try await backends[0].hold(claims.next("warm"))
            let claim = try claims.next("k")
            proxy.replies = .drop
            let error = await failure { () async throws(LockError) in try await backends[0].place(claim, .always) }
            #expect(error?.isOutcomeUnknown == true)
            proxy.replies = .pass
            proxy.cut()
            var token: FencingToken?
            try await eventually("the connection is back") {
                token = try? await backends[0].place(claim, .always).token
                return token != nil
            }
            let stored = try await corner.server.control("get", corner.prefix + "k/\(claim.id)", "-w", "fields")
            #expect(stored.contains("\"CreateRevision\" : \(try #require(token))"))
            let removal = try await backends[0].remove(claim.id)
            #expect(removal == .removed)
        }
    }

    /// The place is still under way when the claim is given up: without the tombstone it would stand for ever.
    @Test(arguments: [PlaceCondition.always, .ifFree])
    func `a place that is executed after its removal places nothing`(_ condition: PlaceCondition) async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        try await through(proxy, corner).backends(link: .short) { backends in
            let backend = backends[0]
            try await backend.hold(claims.next("warm"))
            let claim = try claims.next("k")
            proxy.replies = .drop
            _ = try? await backend.place(claim, condition)
            proxy.replies = .pass
            proxy.cut()
            try await eventually("it is removed") { (try? await backend.remove(claim.id)) == .removed }
            let keys = try await corner.keys()
            #expect(keys.filter { $0.hasPrefix("%gone/") } == ["%gone/\(claim.id)/"])
            #expect(keys.filter { !$0.hasPrefix("%gone/") }.count == 1)
            // The same request, late.
            let late = await failure { () async throws(LockError) in try await backend.place(claim, .always) }
            #expect(late?.code == .leaseLost)
            let left = try await corner.left()
            #expect(left.count == 1)
            try await backend.hold(claims.next("k"))
        }
    }

    @Test func `after an unknown outcome the next claims have another lease, and the old one ends`() async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        try await through(proxy, corner).backends(link: .short) { backends in
            let backend = backends[0]
            let first = try claims.next("first")
            try await backend.hold(first)
            let old = try #require(backend.leases.all.first)
            let claim = try claims.next("k")
            proxy.replies = .drop
            _ = try? await backend.place(claim, .always)
            proxy.replies = .pass
            proxy.cut()
            try await eventually("it is removed") { (try? await backend.remove(claim.id)) == .removed }
            try await backend.hold(claims.next("next"))
            #expect(backend.leases.all.count == 2)
            let outcome = try await backend.extend([first.id], for: .seconds(30))
            #expect(outcome.gone.isEmpty)
            _ = try await backend.remove(first.id)
            try await eventually("the old lease is revoked") {
                try await !corner.server.control("lease", "list").contains(String(old, radix: 16))
            }
        }
    }

    @Test func `a lost connection loses no grant`() async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        try await corner.backends { direct in
            try await through(proxy, corner).backends(link: .short) { cut in
                let holder = try claims.next("k")
                let waiter = try claims.next("k")
                try await direct[0].hold(holder)
                try await cut[0].wait(waiter)
                async let grant = cut[0].grant(of: waiter.id)
                try await eventually("it watches") { cut[0].link.requestsSent.watchesCreated >= 2 }
                proxy.refuses = true
                proxy.cut()
                // Released while nobody hears.
                _ = try await direct[0].remove(holder.id)
                proxy.refuses = false
                _ = try await grant
            }
        }
    }

    @Test func `compaction during a watch loses no grant`() async throws {
        let server = try await EtcdServer()
        let corner = try await Corner(server)
        try await corner.backends(2) { backends in
            let (holder, waiter) = try (claims.next("k"), claims.next("k"))
            try await backends[0].hold(holder)
            try await backends[1].wait(waiter)
            async let grant = backends[1].grant(of: waiter.id)
            for value in 0..<20 { try await server.control("put", "noise", "\(value)") }
            let revision = try await backends[0].link.range(.one([0x61])).header.revision
            try await server.control("compact", "\(revision)", "--physical")
            _ = try await backends[0].remove(holder.id)
            _ = try await grant
            let listed = try await backends[0].claims(withPrefix: "", limit: 10)
            #expect(listed.map(\.id) == [waiter.id])
        }
    }

    @Test func `a full store is unavailable, never busy, and lets go of what is held`() async throws {
        let server = try await EtcdServer("--quota-backend-bytes", "4194304")
        let corner = try await Corner(server)
        try await corner.backends { backends in
            let (holder, waiter) = try (claims.next("k"), claims.next("k"))
            try await backends[0].hold(holder)
            try await backends[0].wait(waiter)
            let megabyte = String(repeating: "x", count: 100_000)
            for number in 0..<80 {
                guard (try? await server.control("put", "filler\(number)", megabyte)) != nil else { break }
            }
            for condition in [PlaceCondition.always, .ifFree] {
                let claim = try claims.next("other")
                let error = await failure { () async throws(LockError) in try await backends[0].place(claim, condition)
                }
                #expect(error?.code == .unavailable, "\(String(describing: error))")
                #expect(error?.message.contains("NOSPACE") == true)
            }
            let findings = try await backends[0].examine()
            #expect(findings.contains { $0.weight == .danger && $0.text.contains("NOSPACE") })
            let removal = try await backends[0].remove(holder.id)
            #expect(removal == .removed)
            _ = try await backends[0].grant(of: waiter.id)
            let outcome = try await backends[0].extend([waiter.id], for: .seconds(30))
            #expect(outcome.gone.isEmpty)
        }
    }

    @Test func `without a server a verb is unavailable in time`() async throws {
        let server = try await EtcdServer()
        let corner = try await Corner(server)
        try await corner.backends(link: .short) { backends in
            let claim = try claims.next("k")
            try await backends[0].hold(claim)
            server.kill()
            let began = ContinuousClock.now
            for condition in [PlaceCondition.always, .ifFree] {
                let error = await failure { () async throws(LockError) in
                    try await backends[0].place(try claims.next("other"), condition)
                }
                #expect(error?.code == .unavailable)
            }
            let extension_ = await failure { () async throws(LockError) in
                try await backends[0].extend([claim.id], for: .seconds(30))
            }
            #expect(extension_?.code == .unavailable)
            #expect(ContinuousClock.now - began < .seconds(5))
        }
    }
}
#endif
