#if Redis
import Holdfast
import NIOCore
import ServerKit
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    struct LinkTLSTests {
        private func configuration(_ server: RedisServer, _ host: String = "localhost") -> RedisConfiguration {
            var configuration = RedisConfiguration(host: host, port: server.tlsPort)
            configuration.tls = RedisConfiguration.TLS()
            return configuration
        }

        private func error(_ server: RedisServer, _ configuration: RedisConfiguration) async throws -> LockError? {
            let found = Found<LockError>()
            var bounds = LinkBounds.short
            bounds.requestTimeout = .seconds(2)
            try await server.linked(configuration, bounds: bounds) { link in
                let error = await failure { () throws(LockError) in try await link.send(RedisCommand("PING")) }
                found.value = error
            }
            return found.value
        }

        @Test(arguments: ["localhost", "127.0.0.1"])
        func `a server and a client with good certificates`(host: String) async throws {
            let certificates = try await TestCertificates()
            let server = try await RedisServer(config: "tls-auth-clients yes", tls: certificates)
            var configuration = configuration(server, host)
            configuration.tls?.authorityFile = certificates.authority
            configuration.tls?.certificateFile = certificates.client.certificate
            configuration.tls?.keyFile = certificates.client.key
            try await server.linked(configuration) { link in
                let text = String(repeating: "x", count: 1_000_000)
                let answer1 = try await link.send(RedisCommand("ECHO", text))
                #expect(answer1.text == text)
            }
            configuration.tls?.certificateFile = nil
            configuration.tls?.keyFile = nil
            let refused = try await error(server, configuration)
            #expect(refused?.code == .unavailable && "\(String(describing: refused))".contains("TLS"))
        }

        @Test func `an authority that nobody named is not trusted, nor is another name`() async throws {
            let (certificates, others) = (
                try await TestCertificates(names: "DNS:right.test"), try await TestCertificates()
            )
            let server = try await RedisServer(config: "tls-auth-clients no", tls: certificates)
            var configuration = configuration(server)
            let system = try await error(server, configuration)
            #expect(system?.code == .unavailable && "\(String(describing: system))".contains("tls-ca="))
            configuration.tls?.authorityFile = others.authority
            let other = try await error(server, configuration)
            #expect(other?.code == .unavailable && "\(String(describing: other))".contains("tls-ca="))
            configuration.tls?.authorityFile = certificates.authority
            let name = try await error(server, configuration)
            #expect(name?.code == .unavailable)
            configuration.tls?.serverName = "right.test"
            let right = try await error(server, configuration)
            #expect(right == nil, "\(String(describing: right))")
            configuration.tls = RedisConfiguration.TLS()
            configuration.tls?.verifies = false
            let unverified = try await error(server, configuration)
            #expect(unverified == nil, "\(String(describing: unverified))")
        }

        @Test func `plain text and TLS on the wrong port are told apart from silence`() async throws {
            let certificates = try await TestCertificates()
            let server = try await RedisServer(config: "tls-auth-clients no", tls: certificates)
            var toPlain = server.configuration
            toPlain.tls = RedisConfiguration.TLS()
            let plain = try await error(server, toPlain)
            #expect(
                plain?.code == .unavailable && "\(String(describing: plain))".contains("TLS"),
                "\(String(describing: plain))")
            let encrypted = try await error(server, RedisConfiguration(host: "127.0.0.1", port: server.tlsPort))
            #expect(encrypted?.code == .unavailable)
        }

        @Test func `a file that is not there is named`() async throws {
            let certificates = try await TestCertificates()
            let server = try await RedisServer(config: "tls-auth-clients no", tls: certificates)
            var configuration = configuration(server)
            configuration.tls?.authorityFile = "/no/such/ca.pem"
            let missing = try await error(server, configuration)
            #expect(missing?.code == .invalidArgument && missing?.message.contains("/no/such/ca.pem") == true)
        }
    }
}
#endif
