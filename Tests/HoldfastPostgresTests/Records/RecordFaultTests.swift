#if Postgres
import Holdfast
import ServerKit
import Testing

@testable import HoldfastPostgres

/// Records over a server that is killed, a dump, a standby.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RecordFaultTests {
    @Test(arguments: RecordTests.ways)
    func `no version comes again over a server that is killed, and what was answered stays`(
        _ way: PostgresConfiguration.Locks
    ) async throws {
        let server = try await PostgresServer(config: "synchronous_commit = off", "wal_writer_delay = 10s")
        let corner = try await Corner(server)
        var known: [LockKey: Record.Version?] = [:]
        var versions: Set<Record.Version> = []
        for round in 0..<4 {
            let before = (known, versions)
            (known, versions) = try await corner.open(way) { backends in
                var (known, versions) = before
                let records = try #require(backends[0].records)
                _ = try await records.readWhenBack("k")
                for (key, version) in known { #expect(try await records.read(key)?.version == version, "\(key)") }
                func write(_ key: LockKey) async throws {
                    let expected = known[key] ?? nil
                    let version =
                        if let expected { try await records.replace(key, expected) } else {
                            try await records.make(key)
                        }
                    #expect(versions.insert(version).inserted, "\(version) came again")
                    known[key] = .some(version)
                }
                try await write("first")
                // Far ahead of the clock: from here on only what is flushed counts.
                if round == 0 { _ = try await corner.ask("SELECT setval('holdfast.versions', 4000000000000000)") }
                for _ in 0..<20 { try await write("k") }
                try await write("deleted")
                // Others' draws that are never committed.
                let open = try await server.session()
                _ = try await open.run(PostgresStatement("BEGIN"))
                for _ in 0..<40 { _ = try await open.run(PostgresStatement("SELECT nextval('holdfast.versions')")) }
                // The last that is answered, each time another.
                switch round % 3 {
                case 0: try await write("made \(round)")
                case 1: try await write("k")
                default:
                    let version = try #require(known["deleted"] ?? nil)
                    #expect(try await records.delete("deleted", expecting: version))
                    known["deleted"] = .some(nil)
                }
                server.kill()
                return (known, versions)
            }
            try await server.start()
        }
        #expect(versions.count == 4 * 22 + 3)
    }

    @Test func `a schema that is filled from a dump gives no version again`() async throws {
        let corner = try await Corner(PostgresServer())
        let file = corner.server.folder.path + "/dump.sql"
        let there = ["-h", "127.0.0.1", "-p", "\(corner.server.port)", "-U", "postgres"]
        let given = try await corner.open(.table) { backends in
            let records = try #require(backends[0].records)
            let kept = try await records.make("k")
            try await Shell.output(
                [PostgresServer.binaries + "/pg_dump"] + there + ["-n", "holdfast", "-f", file])
            var given = [kept]
            for _ in 0..<5 { given.append(try await records.replace("k", given[given.count - 1])) }
            return given
        }
        try await corner.server.psql("DROP SCHEMA holdfast CASCADE")
        try await Shell.output(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"] + there + ["-f", file])
        try await corner.open(.table) { backends in
            let records = try #require(backends[0].records)
            #expect(try await records.read("k")?.version == given[0])
            let next = try await records.replace("k", given[0])
            #expect(!given.contains(next))
        }
    }

    @Test(arguments: RecordTests.ways)
    func `a standby says nothing of records, and gives other versions when it takes over`(
        _ way: PostgresConfiguration.Locks
    ) async throws {
        let primary = try await PostgresServer()
        let standby = try await primary.standby()
        let corner = try await Corner(primary)
        let prefix = ArrayText.hexadecimal(corner.configuration.prefix.utf8)
        let first = try await corner.open(way) { try await #require($0[0].records).make("k") }
        try await eventually("the standby has the record") {
            let session = try await standby.session()
            let look = PostgresStatement(
                "SELECT count(*) FROM holdfast.records WHERE encode(key, 'hex') LIKE $1", [prefix + "%"])
            let found = try await session.run(look).first
            await session.close()
            return found == "1"
        }
        let other = try await corner.on(standby)
        try await other.open(way) { backends in
            let records = try #require(backends[0].records)
            let read = await failure { () throws(LockError) in try await records.read("k") }
            #expect(read?.code == .unavailable && read?.message.contains("standby") == true)
            let write = await failure { () throws(LockError) in
                try await records.write([], to: "k", expecting: first, timeToLive: nil)
            }
            #expect(write?.code == .unavailable && write?.message.contains("standby") == true)
            let delete = await failure { () throws(LockError) in try await records.delete("k", expecting: first) }
            #expect(delete?.code == .unavailable && delete?.message.contains("standby") == true)
        }
        primary.kill()
        try await standby.psql("SELECT pg_promote()")
        try await other.open(way) { backends in
            let records = try #require(backends[0].records)
            #expect(try await records.readWhenBack("k")?.version == first)
            let next = try await records.replace("k", first)
            // The dead server may have given any up to now.
            let microseconds = try await other.ask(
                "SELECT (extract(epoch FROM now() - interval '60 s') * 1000000)::bigint")
            #expect(Int64(next.description) ?? 0 > microseconds[0].flatMap { Int64($0) } ?? .max)
        }
    }
}
#endif
