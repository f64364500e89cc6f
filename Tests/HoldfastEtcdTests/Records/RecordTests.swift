#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Records on etcd: what they cost, whose lives they share, and that no lock meets them.
@Suite(.timeLimit(.minutes(1))) struct RecordTests {
    private let claims = Claims()

    private func written(
        _ backend: EtcdBackend, _ key: LockKey, expecting: Record.Version? = nil, life: Duration? = nil
    ) async throws -> Record.Version {
        let records = try #require(backend.records)
        guard case .written(let version) = try await records.write([1], to: key, expecting: expecting, timeToLive: life)
        else { throw TestFailure("another version of \(key.text) is there") }
        return version
    }

    private func lease(_ backend: EtcdBackend, _ key: LockKey) async throws -> Int64 {
        try #require(try await backend.link.range(.one(backend.codec.record(key))).kvs.first).lease
    }

    @Test func `each verb is one request`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let records = try #require(backends[0].records)
            let sent = { backends[0].link.requestsSent }
            let before = sent()
            let version = try await written(backends[0], "k")
            #expect(sent().unary == before.unary.merging([.txn: 1]) { $0 + $1 })
            let read = try await records.read("k")
            #expect(read == Record(value: [1], version: version))
            #expect(sent().allUnary - before.allUnary == 2)
            let refused = try await records.write([2], to: "k", expecting: nil, timeToLive: nil)
            #expect(refused == .conflict && sent().allUnary - before.allUnary == 3)
            let isDeleted = try await records.delete("k", expecting: version)
            #expect(isDeleted && sent().allUnary - before.allUnary == 4)
        }
    }

    @Test func `records of one life share a lease, also those that are written at once`() async throws {
        let corner = try await Corner()
        var bounds = ClaimBounds()
        bounds.recordsPerLease = 100
        try await corner.backends(bounds: bounds) { backends in
            let grants = { backends[0].link.requestsSent.unary[.leaseGrant, default: 0] }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        _ = try await written(backends[0], LockKey(unchecked: "k\(number)"), life: .seconds(600))
                    }
                }
                try await group.waitForAll()
            }
            #expect(grants() == 1)
            let (first, last) = try await (lease(backends[0], "k0"), lease(backends[0], "k99"))
            #expect(first == last && first != 0)
            let left = try await backends[0].link.leaseTimeToLive(first)
            #expect((600...750).contains(left.ttl) && left.grantedTtl == 750, "\(left.ttl) s")
            // It has as many as one may have.
            _ = try await written(backends[0], "more", life: .seconds(600))
            let other = try await lease(backends[0], "more")
            #expect(grants() == 2 && other != first)
        }
    }

    @Test func `a write goes to the lease of its own life, or to none`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            var version = try await written(backends[0], "k", life: .seconds(60))
            let short = try await lease(backends[0], "k")
            version = try await written(backends[0], "k", expecting: version, life: .seconds(600))
            let long = try await lease(backends[0], "k")
            version = try await written(backends[0], "k", expecting: version)
            let none = try await lease(backends[0], "k")
            #expect(short != 0 && long != 0 && short != long && none == 0)
            for id in [short, long] { _ = try await backends[0].link.leaseRevoke(id) }
            let read = try await backends[0].records?.read("k")
            #expect(read?.version == version)
        }
    }

    @Test func `a shared lease that somebody revokes costs the next write two requests more`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            _ = try await written(backends[0], "a", life: .seconds(60))
            let shared = try await lease(backends[0], "a")
            try await corner.server.control("lease", "revoke", String(shared, radix: 16))
            let read = try await backends[0].records?.read("a")
            #expect(read == nil)
            let before = backends[0].link.requestsSent.allUnary
            _ = try await written(backends[0], "a", life: .seconds(60))
            #expect(backends[0].link.requestsSent.allUnary - before == 3)
            _ = try await written(backends[0], "b", life: .seconds(60))
            #expect(backends[0].link.requestsSent.allUnary - before == 4)
            let (first, second) = try await (lease(backends[0], "a"), lease(backends[0], "b"))
            #expect(first == second && first != shared)
        }
    }

    @Test func `records outlive their client, and a lease that nothing uses does not`() async throws {
        let server = try await EtcdServer()
        let corner = try await Corner(server)
        @Sendable func leases() async throws -> Int {
            try await server.control("lease", "list").split(separator: "\n").count - 1
        }
        let version = try await corner.backends { backends in
            let version = try await written(backends[0], "k", life: .seconds(600))
            let refused = try await backends[0].records?.write([2], to: "k", expecting: nil, timeToLive: .seconds(60))
            let both = try await leases()
            #expect(refused == .conflict && both == 2)
            return version
        }
        let left = try await leases()
        #expect(left == 1)
        try await server.restart()
        try await corner.backends { backends in
            let read = try await backends[0].records?.read("k")
            #expect(read?.version == version)
        }
    }

    @Test func `a write whose answer is lost is of unknown outcome`() async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        var through = corner
        through.configuration.endpoints = proxy.configuration.endpoints
        try await through.backends(link: .short) { backends in
            let version = try await written(backends[0], "k", life: .seconds(60))
            let records = try #require(backends[0].records)
            proxy.replies = .drop
            let error = await failure { () async throws(LockError) in
                try await records.write([2], to: "k", expecting: version, timeToLive: .seconds(60))
            }
            #expect(error?.code == .unavailable)
            proxy.replies = .pass
            proxy.cut()
            try await eventually("it is read") { (try? await records.read("k"))??.value == [2] }
            let again = try await records.write([3], to: "k", expecting: version, timeToLive: nil)
            #expect(again == .conflict)
        }
    }

    /// They would not fit into one answer.
    @Test func `a listing does not read records`() async throws {
        let corner = try await Corner(EtcdServer())
        try await corner.backends { backends in
            let records = try #require(backends[0].records)
            let value = [UInt8](repeating: 7, count: Record.valueBytesLimit)
            let count = EtcdBounds().messageBytes / value.count + 8
            try await withThrowingTaskGroup(of: RecordWrite.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for number in stride(from: writer, to: count, by: 8) {
                            let key = LockKey(unchecked: "r\(number)")
                            let write = try await records.write(value, to: key, expecting: nil, timeToLive: nil)
                            if write == .conflict { return write }
                        }
                        return try await records.write(
                            [], to: LockKey(unchecked: "w\(writer)"), expecting: nil, timeToLive: nil)
                    }
                }
                for try await write in group { #expect(write != .conflict) }
            }
            let claim = try claims.next("r")
            try await backends[0].hold(claim)
            let listed = try await backends[0].claims(withPrefix: "", limit: 10)
            #expect(listed.map(\.id) == [claim.id])
            let asked = try await backends[0].ask(Claim.ID(client: 1, sequence: 1))
            #expect(asked == .absent)
        }
    }

    @Test(arguments: [EtcdConfiguration.Names.encoded, .raw], ["corner", ""])
    func `no listing, search or doctor meets records`(
        _ names: EtcdConfiguration.Names, _ prefix: String
    ) async throws {
        var corner = try await Corner(EtcdServer())
        corner.configuration.names = names
        corner.configuration.prefix = prefix
        try await corner.backends(2) { backends in
            let keys = ["a", "a/b", "u/a", "%", "%record/", "~", "\u{e9}"].map { LockKey(unchecked: $0) }
            var versions: [Record.Version] = []
            for key in keys { versions.append(try await written(backends[0], key)) }
            let held = try ["%", "%recorc/", "a", "~", "\u{e9}"].map { try claims.next(LockKey(unchecked: $0)) }
            for claim in held { try await backends[0].hold(claim) }
            let listed = try await backends[1].claims(withPrefix: "", limit: 100)
            #expect(listed.map(\.id) == held.map(\.id))
            let some = try await backends[1].claims(withPrefix: "%", limit: 100)
            #expect(some.map(\.id) == held.prefix(2).map(\.id))
            for (key, version) in zip(keys, versions) {
                // As the id of another program's claim.
                let id = Claim.ID(client: 0, sequence: try #require(UInt64(version.description)))
                let removal = try await backends[1].remove(id)
                let read = try await backends[0].records?.read(key)
                #expect(removal == .absent && read?.version == version)
            }
            let findings = try await backends[1].examine()
            #expect(findings.contains { $0.subject == "layouts" && $0.weight == .fine }, "\(findings)")
            for claim in held {
                let removal = try await backends[1].remove(claim.id)
                #expect(removal == .removed)
            }
            let lock = try claims.next(LockKey(unchecked: "%record/u"))
            if names == .raw {
                let error = await failure { () async throws(LockError) in try await backends[0].place(lock, .always) }
                #expect(error?.code == .invalidKey)
            } else {
                try await backends[0].hold(lock)
            }
        }
    }
}
#endif
