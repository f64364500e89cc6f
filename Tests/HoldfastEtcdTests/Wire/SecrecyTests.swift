#if Etcd
import Holdfast
import Logging
import ServerKit
import Synchronization
import Testing

@testable import HoldfastEtcd

extension OneAtATime {
    struct SecrecyTests {
        /// What was logged, with everything about it.
        private final class Journal: Sendable {
            private let lines = Mutex<[String]>([])
            var text: String { lines.withLock { $0.joined(separator: "\n") } }
            func add(_ line: String) { lines.withLock { $0.append(line) } }
        }

        private struct Scribe: LogHandler {
            let journal: Journal
            var metadata: Logger.Metadata = [:]
            var logLevel = Logger.Level.trace

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) {
                journal.add("\(event.level) \(event.message) \(event.metadata ?? [:])")
            }
        }

        private func log(_ configuration: EtcdConfiguration) async throws -> String {
            let journal = Journal()
            let logger = Logger(label: "etcd") { _ in Scribe(journal: journal) }
            try await EtcdLink(configuration: configuration, bounds: .short, logger: logger).running { link in
                let error = await failure { () throws(LockError) in try await link.get("lock/a") }
                #expect(error != nil)
                journal.add("\(String(describing: error)) \(String(reflecting: error))")
                try await eventually("the reason is logged") { journal.text.contains("no connection") }
            }
            return journal.text
        }

        @Test func `no password is logged, whoever refuses whom`() async throws {
            let certificates = try await TestCertificates()
            let (plain, secure) = (try await EtcdServer(), try await EtcdServer(tls: certificates))
            try await plain.enableUsers()
            for server in [plain, secure] {
                for isEncrypted in [false, true] {
                    var configuration = server.configuration
                    configuration.credentials = .init(user: "locks", password: "wRoNg")
                    if isEncrypted { configuration.tls = EtcdConfiguration.TLS() }
                    let text = try await log(configuration)
                    #expect(!text.contains("wRoNg"), "\(text)")
                }
            }
        }
    }
}
#endif
