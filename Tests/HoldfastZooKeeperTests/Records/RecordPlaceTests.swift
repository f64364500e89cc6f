#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// Where records are, beside claims and for whom.
@Suite(.timeLimit(.minutes(2))) struct RecordPlaceTests {
    private let claims = Claims()

    private func written(_ key: LockKey, _ backend: ZooKeeperBackend) async throws {
        let write = try await backend.records?.write([1], to: key, expecting: nil, timeToLive: nil)
        guard case .written? = write else { throw TestFailure("it is not written") }
    }

    @Test(arguments: [ZooKeeperConfiguration.Names.encoded, .raw], ["", "lock-"])
    func `no claim is taken for a record, and no record for a lock`(
        _ names: ZooKeeperConfiguration.Names, _ start: String
    ) async throws {
        var corner = try await Corner()
        corner.configuration.names = names
        corner.configuration.prefix += start
        let prefix = corner.configuration.prefix
        try await corner.backends { backends in
            try await written("k", backends[0])
            try await written(".", backends[0])
            let claim = try claims.next("k")
            try await backends[0].hold(claim)
            let listed = try await backends[0].claims(withPrefix: "", limit: 10)
            #expect(listed.map(\.id) == [claim.id])
            let findings = try await backends[0].examine().filter { $0.subject == "layouts" }
            #expect(findings.map(\.weight) == [.fine], "\(findings)")
            for name in ["!records", "!records/00/k"] {
                let taken = try claims.next(LockKey(unchecked: name))
                let error = await failure { () async throws(LockError) in try await backends[0].place(taken, .always) }
                #expect(error?.code == (names == .raw ? .invalidKey : nil), "\(prefix)")
                _ = try? await backends[0].remove(taken.id)
            }
            _ = try await backends[0].remove(claim.id)
        }
    }

    @Test func `a chroot that is not there is made with the first record, and not for a question`() async throws {
        var corner = try await Corner()
        corner.configuration.chroot = "/not/there/\(UInt64.random(in: 0...(.max)))"
        let (server, chroot) = (corner.server, corner.configuration.chroot)
        try await corner.backends { backends in
            let none = try await backends[0].records?.read("k")
            #expect(none == nil)
            let isDeleted = try await backends[0].records?.delete("k", expecting: Record.Version("ab-1.0"))
            #expect(isDeleted == false)
            try await server.configuration.session { session in
                let root = try await session.exists(chroot)
                #expect(root == nil)
            }
            try await written("k", backends[0])
            let record = try await backends[0].records?.read("k")
            #expect(record?.value == [1])
        }
    }

    @Test func `records of one user are nobody else's`() async throws {
        var corner = try await Corner()
        corner.configuration.credentials = .init(user: "one", password: "1")
        var other = corner
        other.configuration.credentials = .init(user: "two", password: "2")
        try await ZooKeeperBackend.running([corner.backend(), other.backend()]) { backends in
            try await written("k", backends[0])
            let own = try await backends[0].records?.read("k")
            #expect(own?.value == [1])
            let error = await failure { () async throws(LockError) in try await backends[1].records?.read("k") }
            #expect(error?.code == .denied)
        }
    }

    @Test func `what is no record is told, and left alone`() async throws {
        let corner = try await Corner()
        let path = try RecordPath("k", corner.backend().codec)
        try await corner.backends { backends in
            try await written("k", backends[0])
            try await corner.server.configuration.session { session in
                _ = try await session.setData(path.node, Array("peer".utf8))
            }
            for expected in [nil, Record.Version("ab-1.0")] {
                let error = await failure { () async throws(LockError) in
                    guard let expected else { return try await backends[0].records?.read("k") == nil }
                    return try await backends[0].records?.delete("k", expecting: expected) == false
                }
                #expect(error?.code == (expected == nil ? .storeUnusable : nil))
            }
            try await corner.server.configuration.session { session in
                let data = try await session.data(path.node).data
                #expect(data == Array("peer".utf8))
            }
        }
    }
}
#endif
