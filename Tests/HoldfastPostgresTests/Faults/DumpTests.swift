#if Postgres
import Holdfast
import ServerKit
import Testing

@testable import HoldfastPostgres

/// A schema that is put back from a dump while the server runs on: what was given out since then is not in it.
@Suite(.timeLimit(.minutes(1))) struct DumpTests {
    private let claims = Claims()

    @Test(arguments: [PostgresConfiguration.Locks.named, .table])
    func `a schema that is filled from a dump gives no token again`(_ way: PostgresConfiguration.Locks) async throws {
        let corner = try await Corner(PostgresServer())
        let file = corner.server.folder.path + "/dump.sql"
        let there = ["-h", "127.0.0.1", "-p", "\(corner.server.port)", "-U", "postgres"]
        let last = try await corner.open(way) { backends in
            try await backends[0].hold(claims.next("before"))
            try await Shell.output([PostgresServer.binaries + "/pg_dump"] + there + ["-n", "holdfast", "-f", file])
            var last = try await backends[0].hold(claims.next("after"))
            for number in 0..<50 { last = max(last, try await backends[0].hold(claims.next("k\(number)"))) }
            return last
        }
        try await corner.server.psql("DROP SCHEMA holdfast CASCADE")
        try await Shell.output(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"] + there + ["-f", file])
        let next = try await corner.open(way) { try await $0[0].hold(claims.next("again")) }
        #expect(next > last)
    }
}
#endif
