#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Transactions of the user's own that the store executes only while a claim is held.
@Suite struct GuardedTests {
    private let parts = [Claim.Part("a"), Claim.Part("b", .shared)]

    private func locks<R: Sendable>(
        _ corner: Corner, life: Duration = .seconds(30),
        _ body: @escaping @Sendable (LockClient, EtcdBackend) async throws -> R
    ) async throws -> R {
        let backend = try corner.backend()
        return try await LockClient.withClient(
            backend: backend, configuration: LockClientConfiguration(timeToLive: life)
        ) { try await body($0, backend) }
    }

    private func value(_ corner: Corner, _ key: String) async throws -> String {
        let lines = try await corner.server.control("get", "--print-value-only", key).split(separator: "\n")
        return lines.first.map { String($0) } ?? ""
    }

    @Test func `it is done while the lock is held, and its own conditions are met`() async throws {
        let corner = try await Corner()
        let key = "state of \(corner.prefix)"
        try await locks(corner) { locks, etcd in
            try await locks.withLock(parts) { lease in
                let open = EtcdTransaction([.put(key, "open"), .put(key + "2", "open")], if: [.absent(key)])
                guard case .done(let revision) = try await etcd.guarded(open, by: lease) else {
                    throw TestFailure("not done")
                }
                let again = try await etcd.guarded(open, by: lease)
                #expect(again == .unmet)
                let stale = EtcdTransaction([.put(key, "stale")], if: [.value(key, equals: "paid")])
                let staleOutcome = try await etcd.guarded(stale, by: lease)
                #expect(staleOutcome == .unmet)
                let stored = try await value(corner, key)
                #expect(stored == "open")
                let paid = EtcdTransaction(
                    [.put(key, "paid"), .delete(key + "2")],
                    if: [.value(key, equals: "open"), .revision(key, equals: revision)])
                guard case .done = try await etcd.guarded(paid, by: lease) else { throw TestFailure("not done") }
            }
            let stored = try await (value(corner, key), value(corner, key + "2"))
            #expect(stored == ("paid", ""))
        }
    }

    @Test func `who lost the lock changes nothing, whether it knows or not`() async throws {
        let corner = try await Corner()
        let key = "state of \(corner.prefix)"
        try await locks(corner) { locks, etcd in
            let owned = try await locks.acquire(parts)
            let lease = owned.lease
            let write = EtcdTransaction([.put(key, "mine")])
            try await corner.server.control("del", corner.prefix + "a/\(lease.id)")
            let error = await failure { () async throws(LockError) in try await etcd.guarded(write, by: lease) }
            #expect(error?.code == .leaseLost)
            // Where its own conditions are not met either, the loss is what counts.
            let both = EtcdTransaction([.put(key, "mine")], if: [.value(key, equals: "other")])
            let first = await failure { () async throws(LockError) in try await etcd.guarded(both, by: lease) }
            #expect(first?.code == .leaseLost)
            let stored = try await value(corner, key)
            #expect(stored == "")
            try? await owned.release()
        }
    }

    /// Its process stood still, or the network did, until somebody else had the lock and had written. Without the
    /// guard the same run loses that one's update.
    @Test(arguments: [true, false])
    func `a write that comes late is refused by the store`(_ isGuarded: Bool) async throws {
        let corner = try await Corner()
        let key = "state of \(corner.prefix)"
        let proxy = try await FaultProxy(to: corner.server.port)
        var late = corner
        late.configuration.endpoints = proxy.configuration.endpoints
        late.configuration.requestTimeout = .seconds(20)
        try await locks(late, life: .seconds(2)) { holder, etcd in
            let owned = try await holder.acquire("k")
            let lease = owned.lease
            let read = try await value(corner, key)
            proxy.requests = .hold
            async let old = write(read + "old;", to: key, etcd, isGuarded ? lease : nil)
            try await locks(corner) { other, otherEtcd in
                try await other.withLock("k", wait: .upTo(.seconds(20))) { next in
                    #expect(next.token > lease.token)
                    let error = try await write(value(corner, key) + "new;", to: key, otherEtcd, next)
                    #expect(error == nil)
                }
            }
            proxy.requests = .pass
            let error = await old
            let stored = try await value(corner, key)
            #expect(error?.code == (isGuarded ? .leaseLost : nil))
            #expect(stored == (isGuarded ? "new;" : "old;"))
            try? await owned.release()
        }
        guard isGuarded else { return }
        // Told of it, it begins anew, and nothing is lost.
        try await locks(corner) { again, etcd in
            try await again.withLock("k", wait: .upTo(.seconds(20))) { lease in
                let error = try await write(value(corner, key) + "old;", to: key, etcd, lease)
                #expect(error == nil)
            }
        }
        let stored = try await value(corner, key)
        #expect(stored == "new;old;")
    }

    /// - Parameter lease: what the write is guarded by, if it is.
    private func write(_ text: String, to key: String, _ etcd: EtcdBackend, _ lease: Lease?) async -> LockError? {
        await failure { () async throws(LockError) in
            guard let lease else { return _ = try await etcd.link.put(key, text) }
            let outcome = try await etcd.guarded(EtcdTransaction([.put(key, text)]), by: lease)
            guard case .done = outcome else { throw EtcdBackend.unexpected }
        }
    }

    @Test func `a transaction that no server takes is told, and nothing is changed`() async throws {
        let corner = try await Corner()
        let key = "state of \(corner.prefix)"
        try await locks(corner) { locks, etcd in
            try await locks.withLock("k") { lease in
                for (changes, code) in [
                    ([.put(key, "1"), .put(key, "2")], LockError.Code.invalidArgument),
                    ([.put([], [])], .invalidArgument), ((0..<200).map { .put("\(key)\($0)", "") }, .limitExceeded),
                ] as [([EtcdTransaction.Change], LockError.Code)] {
                    let write = EtcdTransaction(changes)
                    let error = await failure { () async throws(LockError) in
                        try await etcd.guarded(write, by: lease)
                    }
                    #expect(error?.code == code, "\(String(describing: error))")
                }
                let stored = try await value(corner, key)
                #expect(stored == "")
                #expect(lease.isHeld)
            }
        }
    }
}
#endif
