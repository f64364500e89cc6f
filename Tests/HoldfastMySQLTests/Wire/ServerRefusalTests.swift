#if MySQL
import Holdfast
import ServerKit
import Testing

@testable import HoldfastMySQL

/// Servers and users with which no lock is safe, or possible.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ServerRefusalTests {
    private let claims = Claims()

    private func error(_ configuration: MySQLConfiguration) async throws -> LockError? {
        try await running([try MySQLBackend(configuration)]) { backends in
            let claim = try claims.next("k")
            return await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
        }
    }

    @Test(arguments: [MySQLConfiguration.Locks.named, .table])
    func `a server that takes no writes is not used`(_ locks: MySQLConfiguration.Locks) async throws {
        let server = try await MySQLServer()
        var configuration = server.configuration
        configuration.locks = locks
        configuration.requestTimeout = .seconds(1)
        let corner = try await Corner(server, locks)
        _ = try await corner.ask("SET GLOBAL read_only = 1")
        let refused = try await error(configuration)
        #expect(refused?.code == .unavailable && refused?.message.contains("read-only") == true)
        // The next server that takes writes is used instead.
        let primary = try await MySQLServer()
        configuration.endpoints.append(contentsOf: primary.configuration.endpoints)
        let none = try await error(configuration)
        #expect(none == nil)
    }

    @Test(arguments: [MySQLConfiguration.Locks.named, .table])
    func `who may not make tables is told what to run`(_ locks: MySQLConfiguration.Locks) async throws {
        let server = try await MySQLServer()
        let corner = try await Corner(server)
        let made = try await corner.ask(
            // Everybody may do anything in a database of this name, at first.
            "DELETE FROM mysql.db; FLUSH PRIVILEGES; CREATE USER poor@'127.0.0.1' IDENTIFIED BY 'se''cret'; "
                + "GRANT SELECT ON test.* TO poor@'127.0.0.1'")
        #expect(made.fault == nil)
        var configuration = server.configuration
        configuration.locks = locks
        configuration.credentials = .init(user: "poor", password: "se'cret")
        let refused = try await error(configuration)
        #expect(refused?.code == .denied && refused?.message.contains("doctor --script") == true)
        // What is there already is left as it is.
        for _ in 0..<2 { try await corner.run(configuration.script(for: "poor@127.0.0.1")) }
        #expect(try await error(configuration) == nil)
        try await running([try MySQLBackend(configuration)]) { backends in
            let records = try #require(backends[0].records)
            #expect(try await records.write([1], to: "u/r", expecting: nil, timeToLive: nil) != .conflict)
            #expect(try await records.read("u/r")?.value == [1])
        }
        configuration.credentials = .init(user: "poor", password: "guess")
        let wrong = try await error(configuration)
        #expect(wrong?.code == .denied && wrong.map { "\($0)".contains("guess") } == false)
    }

    @Test(arguments: ["holdfast_tokens", "holdfast_draws", "holdfast_tokens, holdfast_draws"])
    func `tables of tokens that are dropped are made anew`(_ tables: String) async throws {
        let server = try await MySQLServer()
        let corner = try await Corner(server)
        try await corner.named(1) { backends in
            let first = try await backends[0].hold(claims.next("a"))
            _ = try await corner.ask("DROP TABLE \(tables)")
            _ = try? await backends[0].hold(claims.next("b"))
            try await eventually("it is there again") {
                guard let next = try? await backends[0].place(claims.next("c"), .ifFree).token else { return false }
                #expect(next > first)
                return true
            }
        }
    }

    @Test func `several primaries are refused`() throws {
        var answer = MySQLAnswer()
        answer.results = [
            .rows([["7", "1000"]]), .rows([["Uptime", "10"]]),
            .rows([["wsrep_on", "ON"], ["wsrep_cluster_address", "gcomm://a,b"]]),
        ]
        let galera = ServerFacts(answer, number: 7, version: "10.11.19-MariaDB")
        #expect(galera?.multiplePrimaries?.contains("Galera") == true)
        #expect(galera?.isPooled == false && galera?.startedAt == 990)
        answer.results[2] = .rows([
            ["group_replication_group_name", "g"], ["group_replication_single_primary_mode", "OFF"],
        ])
        let group = ServerFacts(answer, number: 8, version: "8.4.0")
        #expect(group?.multiplePrimaries?.contains("several primaries") == true)
        #expect(group?.isPooled == true && group?.isMariaDB == false)
        answer.results[2] = .rows([
            ["group_replication_group_name", "g"], ["group_replication_single_primary_mode", "ON"],
        ])
        #expect(ServerFacts(answer, number: 8, version: "8.4.0")?.multiplePrimaries == nil)
    }
}
#endif
