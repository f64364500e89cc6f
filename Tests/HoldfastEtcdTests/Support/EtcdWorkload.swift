#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

extension Workload {
    /// Runs clients of these clusters' members, the last of whom knows all; nothing of theirs is left in the store.
    static func run(
        _ configurations: [EtcdConfiguration], mayLose: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: @escaping @Sendable (Workload) async throws -> Void
    ) async throws {
        let last = try #require(configurations.last)
        try await run(
            configurations.map { try backend($0) }, witness: EtcdBackend(last), mayLose: mayLose,
            sourceLocation: sourceLocation, body)
        try await nothingIsLeft(last)
    }

    private static func backend(_ configuration: EtcdConfiguration) throws -> EtcdBackend {
        var configuration = configuration
        configuration.requestTimeout = .seconds(1)
        return try EtcdBackend(configuration)
    }

    /// Waits until every claim is gone: those whose clients could not remove them have ended with their leases.
    private static func nothingIsLeft(_ configuration: EtcdConfiguration) async throws {
        try await EtcdLink(configuration: configuration).running { link in
            try await eventually("all claims are gone") {
                let answer = try? await link.range(.all(from: Array(configuration.prefix.utf8), keysOnly: true))
                return answer?.kvs.allSatisfy {
                    String(decoding: $0.key, as: UTF8.self).hasPrefix(configuration.prefix + "%gone/")
                } == true
            }
        }
    }
}
#endif
