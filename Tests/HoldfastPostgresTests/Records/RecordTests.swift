#if Postgres
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastPostgres

/// Records of either way to lock: writers that meet, lives that end, schemas of an older version.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RecordTests {
    static let ways: [PostgresConfiguration.Locks] = [.table, .named]

    private struct Counts: Sendable {
        var made = 0
        var replaced = 0
        var deleted = 0
        /// A record that ended by its life, or was deleted by another.
        var over = 0
    }

    private final class Seen: Sendable {
        /// How often each version was replaced or deleted.
        let ends = Mutex<[Record.Version: Int]>([:])
        /// How often each was the answer to a write.
        let given = Mutex<[Record.Version: Int]>([:])
        let counts = Mutex(Counts())
    }

    @Test(arguments: ways)
    func `of writers, deleters and lives that end, each version has one end`(_ way: PostgresConfiguration.Locks)
        async throws
    {
        let corner = try await Corner()
        let seen = Seen()
        try await corner.open(way, 3) { backends in
            let key = LockKey("k")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<9 {
                    group.addTask {
                        let records = try #require(backends[writer % 3].records)
                        var last: Record.Version?
                        for round in 0..<100 {
                            let record = try await records.read(key)
                            if record == nil, last != nil { seen.counts.withLock { $0.over += 1 } }
                            let isDeletion = (round + writer) % 3 == 0
                            if isDeletion, let record {
                                guard try await records.delete(key, expecting: record.version) else { continue }
                                seen.ends.withLock { $0[record.version, default: 0] += 1 }
                                seen.counts.withLock { $0.deleted += 1 }
                                continue
                            }
                            let life: Duration? = round % 2 == 0 ? .milliseconds(2) : nil
                            let write = try await records.write(
                                [UInt8(writer)], to: key, expecting: record?.version, timeToLive: life)
                            guard case .written(let version) = write else { continue }
                            last = version
                            seen.counts.withLock { if record == nil { $0.made += 1 } else { $0.replaced += 1 } }
                            seen.given.withLock { $0[version, default: 0] += 1 }
                            if let record { seen.ends.withLock { $0[record.version, default: 0] += 1 } }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        let counted = seen.counts.withLock { $0 }
        let (given, ends) = (seen.given.withLock { $0.values }, seen.ends.withLock { $0.values })
        #expect(given.allSatisfy { $0 == 1 } && ends.allSatisfy { $0 == 1 })
        #expect(counted.made > 10 && counted.replaced > 10 && counted.deleted > 10 && counted.over > 0, "\(counted)")
    }

    @Test func `each write deletes a few that are over`() async throws {
        let corner = try await Corner(PostgresServer())
        try await corner.open(.table) { backends in
            let records = try #require(backends[0].records)
            let first = try await records.make("lasting")
            try await corner.server.psql(
                """
                INSERT INTO holdfast.records SELECT n::text::bytea, n, clock_timestamp() - interval '1 s', ''
                FROM generate_series(1, 10) n
                """)
            var version = first
            for left in [6, 2, 0, 0] {
                version = try await records.replace("lasting", version)
                let over = try await corner.ask("SELECT count(*) FROM holdfast.records WHERE expires_at < now()")
                #expect(over == ["\(left)"])
            }
            #expect(try await records.read("lasting")?.version == version)
        }
    }

    @Test(arguments: ways)
    func `a schema of an older version gets what it lacks, where the role may`(_ way: PostgresConfiguration.Locks)
        async throws
    {
        let corner = try await Corner(PostgresServer())
        _ = try await corner.ask("CREATE ROLE app LOGIN")
        try await corner.older(way)
        var poor = corner
        poor.configuration.credentials = .init(user: "app")
        let script = try poor.way(way).script(for: "app")
        try await poor.open(way) { backends in
            // What needs nothing new goes on.
            let claims = Claims()
            _ = try await backends[0].hold(claims.next("k"))
            let records = try #require(backends[0].records)
            await expectDenied { () throws(LockError) in _ = try await records.read("k") }
            let id = try claims.next("n").id
            let noted = try Claim(
                id: id, parts: [Claim.Part("n")], timeToLive: .seconds(30), owner: claims.next("n").owner,
                note: ClaimNote("note"))
            guard way == .table else { return }
            await expectDenied { () throws(LockError) in _ = try await backends[0].place(noted, .always) }
            await expectDenied { () throws(LockError) in _ = try await backends[0].claims(withPrefix: "", limit: 9) }
        }
        try await corner.open(way) { backends in try await useAll(of: backends[0], way) }
        try await poor.open(way) { backends in
            let records = try #require(backends[0].records)
            let error = await failure { () throws(LockError) in try await records.read("k") }
            #expect(error?.code == .denied && error?.message.contains("docs/postgres.md") == true)
        }
        for _ in 0..<2 { try await corner.server.psql(script) }
        try await poor.open(way) { backends in try await useAll(of: backends[0], way) }
    }

    @Test(arguments: ways)
    func `the script makes all of it over an older schema`(_ way: PostgresConfiguration.Locks) async throws {
        let corner = try await Corner(PostgresServer())
        _ = try await corner.ask("CREATE ROLE app LOGIN")
        try await corner.older(way)
        var poor = corner
        poor.configuration.credentials = .init(user: "app")
        try await corner.server.psql(poor.way(way).script(for: "app"))
        try await poor.open(way) { backends in try await useAll(of: backends[0], way) }
    }

    private func expectDenied(
        sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws(LockError) -> Void
    ) async {
        let error = await failure(of: body)
        #expect(error?.code == .denied, sourceLocation: sourceLocation)
        #expect(error?.message.contains("doctor --script") == true, sourceLocation: sourceLocation)
    }

    /// Notes and records, once.
    private func useAll(of backend: PostgresBackend, _ way: PostgresConfiguration.Locks) async throws {
        let records = try #require(backend.records)
        let version = try await records.make("k")
        #expect(try await records.read("k")?.version == version)
        #expect(try await records.delete("k", expecting: version))
        guard way == .table else { return }
        let claims = Claims()
        let owner = try claims.next("noted").owner
        let claim = try Claim(
            id: claims.next("noted").id, parts: [Claim.Part("noted")], timeToLive: .seconds(30), owner: owner,
            note: ClaimNote("first"))
        try await backend.hold(claim)
        #expect(try await backend.claims(withPrefix: "noted", limit: 9).map(\.note.text) == ["first"])
        _ = try await backend.annotate(claim.id, with: ClaimNote("second"))
        // Placed again it keeps what it says since.
        try await backend.hold(claim)
        #expect(try await backend.claims(withPrefix: "noted", limit: 9).map(\.note.text) == ["second"])
        _ = try await backend.remove(claim.id)
    }

    @Test func `a named lock takes no note`() async throws {
        let corner = try await Corner()
        try await corner.open(.named) { backends in
            let plain = try Claims().next("k")
            let noted = try Claim(
                id: plain.id, parts: plain.parts, timeToLive: plain.timeToLive, owner: plain.owner,
                note: ClaimNote("note"))
            let placed = await failure { () throws(LockError) in try await backends[0].place(noted, .always) }
            #expect(placed?.code == .unsupported && placed?.message.contains("locks=table") == true)
            try await backends[0].hold(plain)
            let annotated = await failure { () throws(LockError) in
                try await backends[0].annotate(plain.id, with: noted.note)
            }
            #expect(annotated?.code == .unsupported && !backends[0].capabilities.supportsNotes)
        }
    }
}
#endif
