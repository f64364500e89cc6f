#if MySQL
import Holdfast
import HoldfastSQL
import ServerKit
import Testing

@testable import HoldfastMySQL

/// Databases whose tables were made before there were notes and records.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TableUpgradeTests {
    private let claims = Claims()

    /// A server with them, and what a session of its own says.
    private func earlier(_ grants: [String] = []) async throws -> MySQLServer {
        let server = try await MySQLServer()
        let session = try await server.session()
        for statement in EarlierTables.statements + grants {
            let answer = try await session.run(statement, within: .seconds(10))
            #expect(answer.fault == nil, "\(statement)")
        }
        await session.close()
        return server
    }

    /// As a client of that version places an exclusive claim for an hour.
    private func earlierPlace(_ claim: Claim, _ corner: Corner) async throws -> String? {
        let row = claim.id.row
        let name = SQLText.digits((corner.configuration.prefix + claim.parts[0].key.text).utf8)
        let mode = claim.parts[0].mode.stored
        let modes = "\(mode.kind):\(mode.permits):\(mode.limit)"
        let answer = try await corner.ask(
            "CALL holdfast_place(\(row.client),\(row.number),'\(name)','\(modes)',1,3600000000,0,2,x'',1,x'',x'')")
        return answer.results.first?.first
    }

    private func poor(_ corner: Corner) -> MySQLConfiguration {
        var configuration = corner.configuration
        configuration.credentials = .init(user: "poor")
        return configuration
    }

    @Test func `tables of before notes get what is missing, and keep their claims`() async throws {
        let corner = try await Corner(try await earlier(), .table)
        let old = try claims.next("a")
        #expect(try await earlierPlace(old, corner) == "2")
        // Many processes of the new version start at once.
        try await running(try (0..<6).map { _ in try corner.table() }) { backends in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for backend in backends {
                    group.addTask {
                        let listed = try await backend.claims(withPrefix: "a", limit: 10)
                        #expect(listed.map(\.id) == [old.id] && listed.map(\.note) == [.empty])
                    }
                }
                try await group.waitForAll()
            }
            let waiting = try claims.next("a")
            try await backends[0].wait(waiting)
            let note = try ClaimNote("second")
            #expect(try await backends[1].annotate(old.id, with: ClaimNote("first")) == .removed)
            #expect(try await backends[1].annotate(waiting.id, with: note) == .removed)
            let notes = try await backends[2].claims(withPrefix: "a", limit: 10).map(\.note.text)
            #expect(notes == ["first", "second"])
            // Clients of before go on beside them.
            let beside = try claims.next("b")
            #expect(try await earlierPlace(beside, corner) == "2")
            #expect(try await earlierPlace(try claims.next("b"), corner) == "1")
            #expect(try await backends[3].remove(old.id) == .removed)
            _ = try await backends[0].grant(of: waiting.id)
            // Procedures that were there know of paths, too.
            let paths = try (0..<2).map { _ in try claims.next(LockPath("p" / "q").parts()) }
            try await backends[0].hold(paths[0])
            try await backends[1].wait(paths[1])
            #expect(try await backends[2].remove(paths[0].id) == .removed)
            _ = try await backends[1].grant(of: paths[1].id)
            let records = try #require(backends[4].records)
            let write = try await records.write([1], to: "u/r", expecting: nil, timeToLive: nil)
            #expect(write != .conflict)
            #expect(try await backends[5].records?.read("u/r")?.value == [1])
        }
    }

    /// `poor` may do what the earlier script granted, and no more.
    @Test func `who may not add what is missing is told what to run`() async throws {
        let account = "poor@'127.0.0.1'"
        let server = try await earlier(
            ["DELETE FROM mysql.db", "FLUSH PRIVILEGES", "CREATE USER \(account)"] + EarlierTables.grants(to: account))
        let corner = try await Corner(server, .table)
        let configuration = poor(corner)
        try await running([try MySQLBackend(configuration)]) { backends in
            let claim = try claims.next("a")
            let error = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
            #expect(error?.code == .denied && error?.message.contains("doctor --script") == true, "\(error as Any)")
        }
        try await corner.run(configuration.script(for: "poor@127.0.0.1"))
        try await running([try MySQLBackend(configuration)]) { backends in
            let claim = try claims.next("a")
            try await backends[0].hold(claim)
            #expect(try await backends[0].annotate(claim.id, with: ClaimNote("note")) == .removed)
            let records = try #require(backends[0].records)
            #expect(try await records.write([1], to: "u/r", expecting: nil, timeToLive: nil) != .conflict)
        }
    }

    @Test func `named locks go on where the user may not make the table of records`() async throws {
        let server = try await MySQLServer()
        let corner = try await Corner(server)
        let made = try await corner.ask(
            "DELETE FROM mysql.db; FLUSH PRIVILEGES; CREATE USER poor@'127.0.0.1'; "
                + (TokenTable.statements
                + TokenTable.names.map { "GRANT SELECT, INSERT, UPDATE ON \($0) TO poor@'127.0.0.1'" })
                .joined(separator: "; "))
        #expect(made.fault == nil)
        let configuration = poor(corner)
        try await running([try MySQLBackend(configuration)]) { backends in
            try await backends[0].hold(claims.next("a"))
            let records = try #require(backends[0].records)
            let error = await failure { () throws(LockError) in try await records.read("u/r") }
            #expect(error?.code == .denied && error?.message.contains("doctor --script") == true, "\(error as Any)")
            try await corner.run(configuration.script(for: "poor@127.0.0.1"))
            let write = try await records.write([1], to: "u/r", expecting: nil, timeToLive: nil)
            guard case .written(let version) = write else { throw TestFailure("\(write)") }
            #expect(try await records.delete("u/r", expecting: version))
        }
    }
}
#endif
