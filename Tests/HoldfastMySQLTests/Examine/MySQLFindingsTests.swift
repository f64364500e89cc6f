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
            #expect(findings.count == 4)
        }
    }

    @Test func `a plain network is noticed`() {
        var configuration = MySQLConfiguration(host: "db.example", database: "app")
        #expect(MySQLFindings.encryption(configuration).weight == .notice)
        configuration.tls = .init()
        #expect(MySQLFindings.encryption(configuration).weight == .fine)
    }
}
#endif
