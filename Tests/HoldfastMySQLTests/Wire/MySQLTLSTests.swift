#if MySQL
import Holdfast
import ServerKit
import Testing

@testable import HoldfastMySQL

@Suite(.serialized, .timeLimit(.minutes(1))) struct MySQLTLSTests {
    private func server(_ certificates: TestCertificates) async throws -> MySQLServer {
        try await MySQLServer(
            files: [certificates.authority, certificates.server.certificate, certificates.server.key],
            "--ssl-ca=%0", "--ssl-cert=%1", "--ssl-key=%2")
    }

    private func error(_ configuration: MySQLConfiguration) async -> LockError? {
        await failure { () throws(LockError) in
            let session = try await MySQLDialer(configuration: configuration).open().session
            await session.close()
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `a server with a good certificate`(_ host: String) async throws {
        let certificates = try await TestCertificates()
        let server = try await server(certificates)
        var configuration = server.configuration
        configuration.endpoints[0].host = host
        configuration.tls = MySQLConfiguration.TLS()
        configuration.tls?.authorityFile = certificates.authority
        let session = try await MySQLDialer(configuration: configuration).open().session
        let cipher = try await session.run("SHOW STATUS LIKE 'Ssl_cipher'", within: .seconds(5))
        #expect(cipher.results.first?.rows?.first?[1]?.isEmpty == false)
        let long = String(repeating: "x", count: 3_000_000)
        let echoed = try await session.run("SELECT '\(long)'", within: .seconds(10))
        #expect(echoed.results.first?.first == long)
        await session.close()
    }

    @Test func `bytes that come one by one are an answer, too`() async throws {
        let certificates = try await TestCertificates()
        let server = try await server(certificates)
        let proxy = try await FaultProxy(to: server.port)
        var configuration = server.configuration
        configuration.endpoints = [.init(host: "127.0.0.1", port: proxy.port)]
        configuration.tls = MySQLConfiguration.TLS()
        configuration.tls?.authorityFile = certificates.authority
        proxy.requests = .split(7)
        proxy.replies = .split(3)
        let session = try await MySQLDialer(configuration: configuration).open().session
        for _ in 0..<20 {
            let answer = try await session.run("SELECT REPEAT('y', 500); SELECT 2", within: .seconds(5))
            #expect(answer.results.last?.first == "2")
        }
        await session.close()
    }

    @Test func `an authority that nobody named is not trusted, nor is another name`() async throws {
        let (certificates, others) = (try await TestCertificates(names: "DNS:right.test"), try await TestCertificates())
        let server = try await server(certificates)
        var configuration = server.configuration
        configuration.endpoints[0].host = "localhost"
        configuration.tls = MySQLConfiguration.TLS()
        let system = await error(configuration)
        #expect(system?.code == .denied)
        configuration.tls?.authorityFile = others.authority
        let other = await error(configuration)
        #expect(other?.code == .denied)
        configuration.tls?.authorityFile = certificates.authority
        let name = await error(configuration)
        #expect(name?.code == .denied)
        configuration.tls?.verifies = false
        let anybody = await error(configuration)
        #expect(anybody == nil)
    }

    @Test(arguments: [true, false]) func `a server without encryption is not used`(_ verifies: Bool) async throws {
        let server = try await MySQLServer(MySQLServer.withoutTLS)
        var configuration = server.configuration
        configuration.tls = MySQLConfiguration.TLS()
        configuration.tls?.verifies = verifies
        let plain = await error(configuration)
        #expect(plain?.code == .denied)
    }
}
#endif
