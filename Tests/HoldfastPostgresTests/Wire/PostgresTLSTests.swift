#if Postgres
import Holdfast
import ServerKit
import Testing

@testable import HoldfastPostgres

@Suite(.serialized, .timeLimit(.minutes(1))) struct PostgresTLSTests {
    private func error(_ configuration: PostgresConfiguration) async -> LockError? {
        await failure { () throws(LockError) in
            let session = try await PostgresDialer(configuration: configuration).open().session
            await session.close()
        }
    }

    private func configuration(_ server: PostgresServer, host: String = "localhost") -> PostgresConfiguration {
        var configuration = PostgresConfiguration(host: host, port: server.port, database: "postgres")
        configuration.credentials = .init(user: "postgres")
        configuration.tls = PostgresConfiguration.TLS()
        return configuration
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `a server with a good certificate`(_ host: String) async throws {
        let certificates = try await TestCertificates()
        let server = try await PostgresServer(tls: certificates)
        var configuration = configuration(server, host: host)
        configuration.tls?.authorityFile = certificates.authority
        let session = try await PostgresDialer(configuration: configuration).open().session
        let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        #expect(try await session.run(PostgresStatement(encrypted)).first == "t")
        let long = String(repeating: "x", count: 3_000_000)
        #expect(try await session.run(PostgresStatement("SELECT $1::text", [long])).first == long)
        await session.close()
        let claims = Claims()
        var corner = try await Corner(server)
        corner.configuration.tls = configuration.tls
        corner.configuration.endpoints = configuration.endpoints
        _ = try await corner.named(1) { try await $0[0].hold(claims.next("k")) }
        _ = try await corner.backends { try await $0[0].hold(claims.next("k")) }
    }

    @Test func `an authority that nobody named is not trusted, nor is another name`() async throws {
        let (certificates, others) = (try await TestCertificates(names: "DNS:right.test"), try await TestCertificates())
        let server = try await PostgresServer(tls: certificates)
        var configuration = configuration(server)
        let system = await error(configuration)
        #expect(system?.code == .denied)
        configuration.tls?.authorityFile = others.authority
        let other = await error(configuration)
        #expect(other?.code == .denied)
        configuration.tls?.authorityFile = certificates.authority
        let name = await error(configuration)
        #expect(name?.code == .denied)
        configuration.tls?.serverName = "right.test"
        let right = await error(configuration)
        #expect(right == nil)
        configuration.tls?.serverName = nil
        configuration.tls?.verifies = false
        let anybody = await error(configuration)
        #expect(anybody == nil)
    }

    @Test(arguments: [true, false]) func `a server without encryption is not used`(_ verifies: Bool) async throws {
        let server = try await PostgresServer()
        var configuration = configuration(server)
        configuration.tls?.verifies = verifies
        let plain = await error(configuration)
        #expect(plain?.code == .denied)
    }

    @Test func `a password is proven, and a certificate shown, where the server asks`() async throws {
        let certificates = try await TestCertificates()
        let server = try await PostgresServer(
            tls: certificates, rules: "hostssl all worker all scram-sha-256 clientcert=verify-ca",
            "host all worker all reject", "host all plain all scram-sha-256")
        for role in ["worker", "plain"] { try await server.psql("CREATE ROLE \(role) LOGIN PASSWORD 'p:@s/s'") }
        var configuration = configuration(server)
        configuration.tls?.authorityFile = certificates.authority
        configuration.credentials = .init(user: "worker", password: "p:@s/s")
        let uncertified = await error(configuration)
        #expect(uncertified?.code == .denied)
        configuration.tls?.certificateFile = certificates.client.certificate
        configuration.tls?.keyFile = certificates.client.key
        let certified = await error(configuration)
        #expect(certified == nil)
        for password in ["wrong", ""] {
            configuration.credentials?.password = password
            let wrong = await error(configuration)
            #expect(wrong?.code == .denied && wrong?.message.contains("p:@s/s") == false)
        }
        configuration.tls = nil
        configuration.credentials?.password = "p:@s/s"
        let rejected = await error(configuration)
        #expect(rejected?.code == .denied)
        configuration.credentials?.user = "plain"
        let plain = await error(configuration)
        #expect(plain == nil)
    }

    @Test func `bytes that come one by one are an answer, too`() async throws {
        let certificates = try await TestCertificates()
        let server = try await PostgresServer(tls: certificates)
        let proxy = try await FaultProxy(to: server.port)
        var configuration = configuration(server, host: "127.0.0.1")
        configuration.endpoints[0].port = proxy.port
        configuration.tls?.authorityFile = certificates.authority
        proxy.requests = .split(7)
        proxy.replies = .split(3)
        let session = try await PostgresDialer(configuration: configuration).open().session
        for _ in 0..<20 {
            let answer = try await session.run(PostgresStatement("SELECT repeat('y', 500)"))
            #expect(answer.first == String(repeating: "y", count: 500))
        }
        await session.close()
    }
}
#endif
