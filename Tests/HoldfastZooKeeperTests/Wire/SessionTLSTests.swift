#if ZooKeeper
import Holdfast
import NIOCore
import ServerKit
import Testing

@testable import HoldfastZooKeeper

extension OneAtATime {
    struct SessionTLSTests {
        private func server(
            _ certificates: TestCertificates, _ config: String...
        ) async throws -> ZooKeeperServer {
            var setup = ZooKeeperServer.Setup()
            setup.config = config
            setup.tls = certificates
            return try await ZooKeeperServer(setup)
        }

        private func configuration(_ server: ZooKeeperServer, _ host: String = "localhost") -> ZooKeeperConfiguration {
            var configuration = ZooKeeperServer.configuration(
                [.init(host: host, port: server.tlsPort)], tick: server.tick)
            configuration.tls = ZooKeeperConfiguration.TLS()
            return configuration
        }

        /// What a request hears within its time.
        private func error(_ configuration: ZooKeeperConfiguration) async throws -> LockError? {
            let found = Found<LockError>()
            var bounds = ZooKeeperBounds()
            bounds.requestTimeout = .seconds(2)
            let session = ZooKeeperSession(
                configuration: configuration, sessionTimeout: .seconds(4), bounds: bounds)
            try await session.running(connects: false) { session in
                found.value = await failure { () throws(ZooKeeperError) in try await session.exists("/") }?.lockError
            }
            return found.value
        }

        @Test(arguments: ["localhost", "127.0.0.1"])
        func `a server and a client with good certificates`(host: String) async throws {
            let certificates = try await TestCertificates()
            let server = try await server(certificates, "ssl.clientAuth=need")
            var configuration = configuration(server, host)
            configuration.tls?.authorityFile = certificates.authority
            configuration.tls?.certificateFile = certificates.client.certificate
            configuration.tls?.keyFile = certificates.client.key
            try await configuration.session { session in
                let data = [UInt8](repeating: 7, count: 1_000_000)
                _ = try await session.create("/a", .ephemeral, data: data)
                let (found, _) = try await session.data("/a")
                #expect(found == data)
                let (_, watch) = try await session.watchExists("/a")
                // One after the other and many at once: with TLS all are written by the event loop.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<100 {
                        group.addTask { _ = try await session.create("/n-", .ephemeralSequential) }
                    }
                    try await group.waitForAll()
                }
                let (children, _) = try await session.children("/")
                #expect(children.count == 102)
                try await session.delete("/a")
                #expect(await watch.event() == .deleted)
                #expect(session.connections == 1)
            }
            configuration.tls?.certificateFile = nil
            configuration.tls?.keyFile = nil
            let refused = try await error(configuration)
            #expect(
                refused?.code == .unavailable && "\(String(describing: refused))".contains("TLS"),
                "\(String(describing: refused))")
        }

        @Test func `an authority that nobody named is not trusted, nor is another name`() async throws {
            let (certificates, others) = (
                try await TestCertificates(names: "DNS:right.test"), try await TestCertificates()
            )
            let server = try await server(certificates, "ssl.clientAuth=none")
            var configuration = configuration(server)
            let system = try await error(configuration)
            #expect(system?.code == .unavailable && "\(String(describing: system))".contains("tls-ca="))
            configuration.tls?.authorityFile = others.authority
            let other = try await error(configuration)
            #expect(other?.code == .unavailable && "\(String(describing: other))".contains("tls-ca="))
            configuration.tls?.authorityFile = certificates.authority
            let name = try await error(configuration)
            #expect(name?.code == .unavailable)
            configuration.tls?.serverName = "right.test"
            let right = try await error(configuration)
            #expect(right == nil, "\(String(describing: right))")
            configuration.tls = ZooKeeperConfiguration.TLS()
            configuration.tls?.verifies = false
            let unverified = try await error(configuration)
            #expect(unverified == nil, "\(String(describing: unverified))")
        }

        @Test func `a certificate that is over is not trusted`() async throws {
            let certificates = try await TestCertificates(days: -1)
            let server = try await server(certificates, "ssl.clientAuth=none")
            var configuration = configuration(server)
            configuration.tls?.authorityFile = certificates.authority
            let expired = try await error(configuration)
            #expect(expired?.code == .unavailable && "\(String(describing: expired))".contains("TLS"))
        }

        @Test func `plain text and TLS on the wrong port are told, and a missing file is named`() async throws {
            let certificates = try await TestCertificates()
            let server = try await server(certificates)
            var plain = configuration(server)
            plain.tls = nil
            let bare = try await error(plain)
            #expect(bare?.code == .unavailable && "\(String(describing: bare))".contains("TLS"))
            var secure = configuration(server)
            secure.servers = [server.server]
            let encrypted = try await error(secure)
            #expect(
                encrypted?.code == .unavailable && "\(String(describing: encrypted))".contains("TLS"),
                "\(String(describing: encrypted))")
            secure.tls?.authorityFile = "/no/such/ca.pem"
            let missing = try await error(secure)
            #expect(missing?.code == .invalidArgument && missing?.message.contains("/no/such/ca.pem") == true)
        }
    }
}
#endif
