#if MySQL
import Holdfast
import ServerKit
import Testing

@testable import HoldfastMySQL

@Suite(.timeLimit(.minutes(1))) struct MySQLFindingsTests {
    @Test(arguments: [MySQLConfiguration.Locks.named, .table])
    func `what endangers locks is told`(_ locks: MySQLConfiguration.Locks) async throws {
        for (setting, expected) in [(1, Finding.Weight.fine), (2, locks == .table ? .danger : .notice)] {
            let server = try await MySQLServer("--innodb-flush-log-at-trx-commit=\(setting)")
            let corner = try await Corner(server, locks)
            let findings = try await MySQLBackend(corner.configuration).examine()
            #expect(findings.first { $0.subject == "durability" }?.weight == expected)
            #expect(findings.count == 5)
        }
    }

    @Test func `a server that takes no packet of a record's size is told`() async throws {
        let server = try await MySQLServer("--max-allowed-packet=65536")
        let corner = try await Corner(server, .named)
        let backend = try MySQLBackend(corner.configuration)
        let findings = try await backend.examine()
        #expect(findings.first { $0.subject == "packets" }?.weight == .danger)
        try await running([backend]) { backends in
            let records = try #require(backends[0].records)
            let big = [UInt8](repeating: 7, count: Record.valueBytesLimit)
            // The server hangs up, some of them without a word.
            let error = await failure { () throws(LockError) in
                try await records.write(big, to: "u/k", expecting: nil, timeToLive: nil)
            }
            #expect(error?.code == .unavailable || error?.code == .storeUnusable)
            #expect(try await records.read("u/k") == nil)
        }
    }

    @Test(arguments: [("0", Finding.Weight.danger), ("1", .fine)])
    func `a binary log that is written late is told`(_ sync: String, _ expected: Finding.Weight) throws {
        var answer = MySQLAnswer()
        answer.results = [
            .rows([["7", "1000"]]), .rows([["Uptime", "10"]]),
            .rows([["innodb_flush_log_at_trx_commit", "1"], ["log_bin", "ON"], ["sync_binlog", sync]]),
        ]
        let facts = try #require(ServerFacts(answer, number: 7, version: "10.11.19-MariaDB"))
        #expect(MySQLFindings.durability(facts, .table).weight == expected)
    }

    @Test func `a plain network is noticed`() {
        var configuration = MySQLConfiguration(host: "db.example", database: "app")
        #expect(MySQLFindings.encryption(configuration).weight == .notice)
        configuration.tls = .init()
        #expect(MySQLFindings.encryption(configuration).weight == .fine)
    }
}
#endif
