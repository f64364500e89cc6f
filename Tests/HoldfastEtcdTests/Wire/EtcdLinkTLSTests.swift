#if Etcd
import Holdfast
import ServerKit
import SwiftProtobuf
import Testing

@testable import HoldfastEtcd

extension OneAtATime {
    struct EtcdLinkTLSTests {
        private func configuration(_ server: EtcdServer, _ host: String = "localhost") -> EtcdConfiguration {
            var configuration = EtcdConfiguration(host: host, port: server.port)
            configuration.tls = EtcdConfiguration.TLS()
            return configuration
        }

        private func error(_ server: EtcdServer, _ configuration: EtcdConfiguration) async throws -> LockError? {
            let found = Found<LockError>()
            var bounds = EtcdBounds.short
            bounds.requestTimeout = .seconds(2)
            try await server.linked(configuration, bounds: bounds) { link in
                found.value = await failure { () throws(LockError) in try await link.get("a") }
            }
            return found.value
        }

        @Test(arguments: ["localhost", "127.0.0.1"])
        func `a server and a client with good certificates`(host: String) async throws {
            let certificates = try await TestCertificates()
            let server = try await EtcdServer(tls: certificates, wantsClient: true)
            var configuration = configuration(server, host)
            configuration.tls?.authorityFile = certificates.authority
            configuration.tls?.certificateFile = certificates.client.certificate
            configuration.tls?.keyFile = certificates.client.key
            try await server.linked(configuration) { link in
                let text = String(repeating: "x", count: 1_000_000)
                try await link.put("a", text)
                #expect(try await link.get("a") == text)
                let watch = try await link.watch("a")
                try await link.put("a", "1")
                var iterator = watch.makeAsyncIterator()
                let batch = await iterator.next()
                #expect(batch?.map(\.text) == ["put a 1"])
            }
            configuration.tls?.certificateFile = nil
            configuration.tls?.keyFile = nil
            let refused = try await error(server, configuration)
            #expect(
                refused?.code == .unavailable && "\(String(describing: refused))".contains("TLS"),
                "\(String(describing: refused))")
        }

        @Test func `an authority that nobody named is not trusted, nor is another name`() async throws {
            let (certificates, others) = (
                try await TestCertificates(names: "DNS:right.test"), try await TestCertificates()
            )
            let server = try await EtcdServer(tls: certificates)
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
            configuration.tls = EtcdConfiguration.TLS()
            configuration.tls?.verifies = false
            let unverified = try await error(server, configuration)
            #expect(unverified == nil, "\(String(describing: unverified))")
        }

        @Test func `a certificate that is over is not trusted`() async throws {
            let certificates = try await TestCertificates(days: -1)
            let server = try await EtcdServer(tls: certificates)
            var configuration = configuration(server)
            configuration.tls?.authorityFile = certificates.authority
            let expired = try await error(server, configuration)
            #expect(expired?.code == .unavailable && "\(String(describing: expired))".contains("TLS"))
        }

        @Test func `plain text and TLS on the wrong port are told, and quickly`() async throws {
            let certificates = try await TestCertificates()
            let secure = try await EtcdServer(tls: certificates)
            let start = ContinuousClock.now
            let plain = try await error(secure, EtcdConfiguration(host: "127.0.0.1", port: secure.port))
            #expect(plain?.code == .unavailable && ContinuousClock.now - start < .seconds(5))
            let server = try await EtcdServer()
            let encrypted = try await error(server, configuration(server))
            #expect(
                encrypted?.code == .unavailable && "\(String(describing: encrypted))".contains("TLS"),
                "\(String(describing: encrypted))")
        }

        @Test func `a file that is not there is named`() async throws {
            let server = try await EtcdServer()
            var configuration = configuration(server)
            configuration.tls?.authorityFile = "/no/such/ca.pem"
            let missing = try await error(server, configuration)
            #expect(missing?.code == .invalidArgument && missing?.message.contains("/no/such/ca.pem") == true)
        }
    }
}
#endif
