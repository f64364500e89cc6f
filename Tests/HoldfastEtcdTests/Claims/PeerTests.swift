#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

@Suite struct PeerTests {
    private let claims = Claims()

    /// `prefix=&names=raw`: the name is the peer's, as it is.
    private func raw() async throws -> (corner: Corner, name: LockKey) {
        var corner = try await Corner()
        let name = LockKey(unchecked: corner.prefix + "orders/42 a")
        corner.configuration.prefix = ""
        corner.configuration.names = .raw
        return (corner, name)
    }

    @Test(arguments: [LockMode.exclusive, .shared, .permits(1, of: 3)])
    func `etcdctl waits for a claim of ours, of any mode`(_ mode: LockMode) async throws {
        let (corner, name) = try await raw()
        try await corner.backends { backends in
            let claim = try claims.next(name, mode)
            try await backends[0].hold(claim)
            let peer = try EtcdctlLock(corner.server, name.text)
            try await eventually("it queues") {
                try await backends[0].claims(withPrefix: name.text, limit: 10).count == 2
            }
            #expect(!peer.isHeld)
            _ = try await backends[0].remove(claim.id)
            try await peer.held()
            try await peer.release()
        }
    }

    @Test(arguments: [LockMode.exclusive, .shared])
    func `a claim of ours waits for etcdctl, and is told by its release`(_ mode: LockMode) async throws {
        let (corner, name) = try await raw()
        try await corner.backends { backends in
            let peer = try EtcdctlLock(corner.server, name.text)
            try await peer.held()
            let refused = try await backends[0].place(claims.next(name, mode), .ifFree)
            #expect(refused == .refused)
            let claim = try claims.next(name, mode)
            try await backends[0].wait(claim)
            async let grant = backends[0].grant(of: claim.id)
            try await peer.release()
            let token = try await grant.token
            let again = try await backends[0].place(claim, .always)
            #expect(again.token == token)
            _ = try await backends[0].remove(claim.id)
        }
    }

    @Test func `etcdctl and we take turns in the order of asking`() async throws {
        let (corner, name) = try await raw()
        try await corner.backends(2) { backends in
            let (first, last) = try (claims.next(name), claims.next(name))
            try await backends[0].hold(first)
            let peer = try EtcdctlLock(corner.server, name.text)
            try await eventually("it queues") {
                try await backends[0].claims(withPrefix: name.text, limit: 10).count == 2
            }
            try await backends[1].wait(last)
            let listed = try await backends[0].claims(withPrefix: name.text, limit: 10)
            #expect(listed.map(\.isHeld) == [true, false, false])
            #expect(listed[1].owner.program == "peer")
            _ = try await backends[0].remove(first.id)
            try await peer.held()
            let whileHeld = try await backends[1].place(last, .always)
            #expect(whileHeld.token == nil)
            try await peer.release()
            _ = try await backends[1].grant(of: last.id)
            _ = try await backends[1].remove(last.id)
        }
    }

    @Test func `a plain name is shared without any option but the prefix`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let peer = try EtcdctlLock(corner.server, corner.prefix + "k")
            try await peer.held()
            let refused = try await backends[0].place(claims.next("k"), .ifFree)
            #expect(refused == .refused)
            try await peer.release()
            try await backends[0].hold(claims.next("k"))
        }
    }

    /// To etcd's own locks everything under `a/` is in the way.
    @Test func `nested raw names do not meet among ours`() async throws {
        let (corner, name) = try await raw()
        try await corner.backends { backends in
            let inner = LockKey(unchecked: name.text + "/inner")
            try await backends[0].hold(claims.next(inner))
            for condition in [PlaceCondition.ifFree, .always] {
                let outer = try claims.next(name)
                let placement = try await backends[0].place(outer, condition)
                #expect(placement.token != nil)
                _ = try await backends[0].remove(outer.id)
            }
            // The peers' trap, which is theirs alone.
            let peer = try EtcdctlLock(corner.server, name.text)
            try await eventually("it queues") {
                try await backends[0].claims(withPrefix: name.text, limit: 10).count == 2
            }
            #expect(!peer.isHeld)
        }
    }

    @Test func `a peer's claim can be broken by its id, and not be asked for`() async throws {
        let (corner, name) = try await raw()
        try await corner.backends { backends in
            let peer = try EtcdctlLock(corner.server, name.text)
            try await peer.held()
            let waiter = try claims.next(name)
            try await backends[0].wait(waiter)
            let record = try #require(try await backends[0].claims(withPrefix: name.text, limit: 10).first)
            #expect(record.isHeld)
            #expect(record.remaining > .zero)
            let error = await failure { () async throws(LockError) in try await backends[0].ask(record.id) }
            #expect(error?.code == .unsupported)
            let removal = try await backends[0].remove(record.id)
            #expect(removal == .removed)
            _ = try await backends[0].grant(of: waiter.id)
        }
    }

    @Test func `two tasks of one session never take each other's key for theirs`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let (one, two) = try (claims.next("k"), claims.next("k"))
            try await backends[0].hold(one)
            try await backends[0].wait(two)
            let leases = backends[0].leases.all
            #expect(leases.count == 1)
        }
    }

    /// A put to a claim's key, as by hand, takes it off its lease.
    @Test func `waiters do not mind a put, and the doctor finds what it leaves`() async throws {
        let corner = try await Corner()
        try await corner.backends(2) { backends in
            let (holder, waiter) = try (claims.next("k"), claims.next("k"))
            let token = try await backends[0].hold(holder)
            try await backends[1].wait(waiter)
            async let grant = backends[1].grant(of: waiter.id)
            let key = corner.prefix + "k/\(holder.id)"
            try await corner.server.control("put", key, "by hand")
            let again = try await backends[0].place(holder, .always)
            #expect(again.token == token)
            let findings = try await backends[0].examine()
            #expect(findings.contains { $0.weight == .danger && $0.subject == "lease" && $0.text.contains(key) })
            _ = try await backends[0].remove(holder.id)
            let next = try await grant.token
            #expect(next > token)
        }
    }

    @Test func `the doctor names other layouts`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            try await backends[0].hold(claims.next("a name/with all"))
            let fine = try await backends[0].examine()
            #expect(!fine.contains { $0.subject == "layouts" && $0.weight == .danger })
            let lease = try await corner.server.control("lease", "grant", "60").split(separator: " ")[1]
            for name in ["tooz/locks/x", "shedlock:env:job", "k/read/17300000"] {
                try await corner.server.control("put", corner.prefix + name, "v", "--lease=\(lease)")
            }
            let findings = try await backends[0].examine().filter { $0.weight == .danger }
            #expect(findings.contains { $0.text.contains("tooz") })
            #expect(findings.contains { $0.text.contains("ShedLock") })
        }
    }
}
#endif
